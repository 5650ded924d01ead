// The program's command line: subcommands, their help, exit codes.
#pragma once

#include <functional>

#include <string>

#include "arrow/result.h"

namespace pintail::config {
class Settings;
}

namespace pintail::cli {

// What `pintail serve` runs; returns when the server has stopped.
using ServeFunction = std::function<arrow::Status(const config::Settings&)>;

// What the command line is given by the rooms it may not use itself.
struct Parts {
  ServeFunction serve;
  std::function<arrow::Result<std::string>()> duckdb_version;
};

// Runs the program; its exit code: 0, 1 when it failed, 2 for a mistake in the command
// line.
int Main(int argc, const char* const* argv, const Parts& parts);

}  // namespace pintail::cli
