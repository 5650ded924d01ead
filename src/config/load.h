// The one way from what a person wrote to the settings in force:
// defaults < file < environment < flags. Pure but for the files read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "config/expand.h"
#include "config/settings.h"

namespace pintail::config {

struct FlagValue {
  std::string flag;  // "--http-listen", or one of the older programs'
  std::vector<std::string> texts;
};

struct Sources {
  // Named by the person; must exist. Else the variable PINTAIL_CONFIG, else the first of
  // `usual_files` that exists, else none.
  std::optional<std::string> file;
  std::vector<std::string> usual_files = {"./pintail.toml", "/etc/pintail/pintail.toml"};
  Environment environment;
  std::vector<FlagValue> flags;
};

// Of values that are wrong all are told, one a line, the first one's kind.
// InvalidArgument (NotFound for a named file that is not there) says where and what; see
// TranslateLegacy for what older settings may be refused with.
arrow::Result<Settings> Load(const Sources& sources);

// The environment of this process.
Environment ProcessEnvironment();

}  // namespace pintail::config
