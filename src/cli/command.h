// One subcommand of the program: it declares its flags, and runs once they are parsed.
// Owned by the command line; used by one thread.
#pragma once

#include <string_view>

#include "arrow/status.h"
#include "cli/terminal.h"

namespace CLI {
class App;
}

namespace pintail::cli {

class Command {
 public:
  virtual ~Command() = default;

  virtual std::string_view name() const = 0;
  virtual std::string_view summary() const = 0;   // one line of `pintail --help`
  virtual std::string_view examples() const = 0;  // shown at the end of its own help
  virtual bool hidden() const { return false; }
  // Adds its flags and arguments; they are filled when `parser` has parsed.
  virtual void Declare(CLI::App& parser) = 0;
  // UsageError for what only shows once flags are looked at together.
  virtual arrow::Status Run(const Terminal& terminal) = 0;
};

// An error that is the command line's, not the work's: the program ends with 2.
arrow::Status UsageError(std::string_view message);
bool IsUsageError(const arrow::Status& status);

}  // namespace pintail::cli
