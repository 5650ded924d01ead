// The keys of a [sources.NAME] table: declared once, they are read from files, from
// CREATE SOURCE and from the REST interface. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "catalog/source_definition.h"
#include "config/expand.h"
#include "config/option.h"

namespace pintail::config {

// The keys of a source; `name` is not one of them.
std::span<const Option> SourceOptions();

// Gives one key its text; an entry of the map `options` has the key "options.NAME", the
// key "options" a text "a=b,c=d". A key that was given before is replaced, and taken back
// by an empty text. InvalidArgument says what would be right; never what a secret is.
arrow::Status SetSourceWord(const std::string& key, const std::string& text,
                            catalog::SourceDefinition* source);

// Whether all that the type needs is there, and nothing that it has no use for.
arrow::Status CheckSource(const catalog::SourceDefinition& source);

// A definition from words alone, checked.
arrow::Result<catalog::SourceDefinition> MakeSource(const std::string& name,
                                                    const catalog::SourceWords& words);

// PINTAIL_SOURCES_NAME_USERNAME and _PASSWORD outrank what the file says.
arrow::Status TakeSourceVariables(const Environment& environment,
                                  catalog::SourceDefinition* source);

// The definitions as a TOML file, with their secrets.
std::string SourcesFile(const std::vector<catalog::SourceDefinition>& sources);
// Reads such a file, or one that a person wrote. NotFound when there is none.
arrow::Result<std::vector<catalog::SourceDefinition>> ReadSourcesFile(
    const std::string& path);

}  // namespace pintail::config
