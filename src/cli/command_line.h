// The program's command line: subcommands, their help, exit codes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "arrow/result.h"

namespace pintail::config {
class Settings;
}

namespace pintail::cli {

// What `pintail serve` runs; returns when the server has stopped.
using ServeFunction = std::function<arrow::Status(const config::Settings&)>;

// Whether `pintail serve` would take the settings, as far as that shows without starting;
// all that is wrong, one a line.
using CheckFunction = std::function<arrow::Status(const config::Settings&)>;

// The folder of the journal of a server with these settings; unset when it keeps none.
using JournalFolderFunction =
    std::function<std::optional<std::filesystem::path>(const config::Settings&)>;

// What the command line is given by the rooms it may not use itself.
struct Parts {
  ServeFunction serve;
  CheckFunction check;
  JournalFolderFunction journal_folder;
  std::function<arrow::Result<std::string>()> duckdb_version;
  // The folder of the ADBC drivers that came along; empty: none.
  std::function<std::string()> driver_folder;
};

// Runs the program; its exit code: 0, 1 when it failed, 2 for a mistake in the command
// line.
int Main(int argc, const char* const* argv, const Parts& parts);

}  // namespace pintail::cli
