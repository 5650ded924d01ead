// `pintail shell`: SQL line by line, at a terminal or from standard input.
#include <iostream>

#include <unistd.h>

#include "CLI/CLI.hpp"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/line_editor.h"
#include "cli/shell.h"

namespace pintail::cli {
namespace {

class ShellCommand final : public Command {
 public:
  std::string_view name() const override { return "shell"; }
  std::string_view summary() const override { return "Type SQL at a prompt"; }
  std::string_view examples() const override {
    return "  pintail shell\n"
           "  pintail shell --url grpc://127.0.0.1:50051\n"
           "  pintail shell < statements.sql";
  }
  void Declare(CLI::App& parser) override {
    DeclareUrl(parser, &url_);
    parser.add_option("--mode", mode_, "table, csv, json or ndjson")
        ->check(CLI::IsMember({"table", "csv", "json", "ndjson"}))
        ->capture_default_str();
    parser.add_flag("--timing", timing_, "Show how long statements take");
  }

  arrow::Status Run(const Terminal& terminal) override {
    const bool interactive = isatty(STDIN_FILENO) != 0;
    if (interactive) TakeInterrupts();
    ARROW_ASSIGN_OR_RAISE(const auto client, Client::Connect(url_));
    Terminal current = terminal;
    Shell shell(*client, current);
    ARROW_ASSIGN_OR_RAISE(const OutputFormat format, ParseOutputFormat(mode_));
    shell.set_output({.format = format});
    shell.set_timing(timing_);
    if (!interactive) return RunScript(shell);
    // Says at once when there is no server.
    ARROW_RETURN_NOT_OK(client->Run("SELECT 1", nullptr).status());
    terminal.err << "Connected to " << url_ << "; .help tells what there is.\n";
    Converse(shell, &current);
    return arrow::Status::OK();
  }

 private:
  static void Converse(Shell& shell, Terminal* terminal) {
    Completer completer;
    LineEditor editor(HistoryPath(), [&](std::string_view line) {
      completer.SetNames(shell.Names());
      return completer.Complete(line);
    });
    while (!shell.quit()) {
      const auto line = editor.Read(shell.in_statement() ? "     ...> " : "pintail> ");
      if (!line) {
        terminal->out << "\n";
        break;
      }
      if (line->interrupted) {
        shell.Abandon();
        continue;
      }
      terminal->width = Terminal::Detect().width;  // a window may have changed
      const arrow::Status status = shell.Take(line->text);
      if (!status.ok()) terminal->PrintError(status);
    }
  }

  // The first error ends a script.
  static arrow::Status RunScript(Shell& shell) {
    std::string line;
    while (!shell.quit() && std::getline(std::cin, line)) {
      ARROW_RETURN_NOT_OK(shell.Take(line));
    }
    return shell.TakeEnd();
  }

  std::string url_;
  std::string mode_ = "table";
  bool timing_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeShellCommand() { return std::make_unique<ShellCommand>(); }

}  // namespace pintail::cli
