// The settings of the older programs that Pintail stands in for: their flags,
// variables and file keys, and what each means here. Where a setting asks for
// something that this version does not have, it is refused or noted, never
// silently ignored. Pure functions.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "config/settings.h"

namespace pintail::config {

struct LegacyName {
  std::string_view name;  // in LegacyValues
  std::string_view key;   // in a file; empty: none
  std::array<std::string_view, 2> variables;
  std::string_view flag;  // empty: none
  std::string_view help;
  bool is_switch = false;          // the flag takes no value
  bool environment_first = false;  // the variable outranks the flag
};

std::span<const LegacyName> LegacyNames();
// Null when there is none.
const LegacyName* FindLegacyKey(std::string_view key);
const LegacyName* FindLegacyFlag(std::string_view flag);

struct LegacyValue {
  std::vector<std::string> texts;
  Origin origin = Origin::kFile;
  std::string where;
};

// What was given, by the name of the LegacyName; the highest source of each.
using LegacyValues = std::map<std::string, LegacyValue, std::less<>>;

struct LegacyMeaning {
  std::vector<Assignment> assignments;  // each at the origin of the setting it comes from
  std::vector<SourceSetting> sources;
  std::vector<std::string> notes;
};

// Unimplemented when it needs what this version does not have, InvalidArgument
// for a value that makes no sense.
arrow::Result<LegacyMeaning> TranslateLegacy(const LegacyValues& values);

}  // namespace pintail::config
