// Databases that the server itself attaches: by DuckDB or one of its official extensions.
// Plain values.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pintail::engine {

struct AttachRequest {
  std::string name;
  std::string type;  // DuckDB's: "postgres", "mysql", "sqlite", "duckdb", "motherduck"
  std::string extension;  // to load first; empty: none
  std::string path;       // shown by duckdb_databases(), so without any secret
  bool read_only = false;
  std::vector<std::pair<std::string, std::string>> options;  // of ATTACH
  // What the extension takes by a secret, which is gone before this returns. Also when it
  // is empty, so that no secret of a client's is used; unset: the type knows no secrets.
  std::optional<std::vector<std::pair<std::string, std::string>>> secret;
  // The extension's settings for databases attached from now on, in force for this one
  // only: name and value.
  std::vector<std::pair<std::string, std::string>> settings;
  // Files that may be used although external access is off.
  std::vector<std::string> files;
  // Run once it is attached; when it fails, it is detached again.
  std::string then;
};

}  // namespace pintail::engine
