// What a configuration file says: assignments to options, settings of the older programs,
// [[streams]] and [[cache.tables]]. Pure but for the files read.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"
#include "config/expand.h"
#include "config/legacy.h"
#include "config/settings.h"
#include "config/tree.h"

namespace pintail::config {

struct FileSettings {
  std::vector<Assignment> assignments;
  LegacyValues legacy;
  std::vector<StreamSetting> streams;
  std::vector<CopySetting> copies;
  std::vector<SourceSetting> sources;
};

// Reads the tree of the file called `name`. InvalidArgument, beginning with the file and
// line, for an unknown key (with the nearest known one), a table where a value is wanted
// or a reference that cannot be resolved.
arrow::Result<FileSettings> ReadSettings(const Tree& tree, const std::string& name,
                                         const Environment& environment);

// Reads a tree that has nothing but [sources.NAME] tables; no text in it is a reference.
arrow::Result<std::vector<catalog::SourceDefinition>> ReadSourceTables(
    const Tree& tree, const std::string& name);

// The known key that a person probably meant.
std::string NearestKey(const std::string& key);

}  // namespace pintail::config
