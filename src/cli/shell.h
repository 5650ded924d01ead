// The shell's conversation: lines come in, statements and dot commands are run. Knows
// nothing of where lines come from. Used by one thread.
#pragma once

#include <set>
#include <string>

#include "arrow/result.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace pintail::cli {

class Shell {
 public:
  // Both outlive the shell.
  Shell(Client& client, const Terminal& terminal)
      : client_(client), terminal_(terminal) {}

  // Takes a line and runs every statement that it ends, or the dot command that it is
  // or that it means elsewhere (quit, exit, help, \q, \d).
  // The first error; the rest of the line is then given up.
  arrow::Status Take(const std::string& text);
  // Runs a last statement that no semicolon ended.
  arrow::Status TakeEnd();
  // Gives up what was typed of a statement.
  void Abandon() { pending_.clear(); }

  bool in_statement() const { return !pending_.empty(); }
  bool quit() const { return quit_; }
  void set_timing(bool on) { timing_ = on; }
  void set_output(OutputOptions output) { output_ = std::move(output); }

  // Names of tables, columns, system views and functions, for completion; asked anew
  // after a statement was run.
  const std::set<std::string>& Names();

 private:
  arrow::Status RunStatement(const std::string& sql);
  arrow::Status RunDotCommand(const std::string& line);
  arrow::Status ListTables(const std::string& pattern);
  arrow::Status ShowSchema(const std::string& table);
  arrow::Status SetMode(const std::string& name);

  Client& client_;
  const Terminal& terminal_;
  OutputOptions output_;
  std::string pending_;
  bool quit_ = false;
  bool timing_ = false;
  std::set<std::string> names_;
  bool names_stale_ = true;
};

}  // namespace pintail::cli
