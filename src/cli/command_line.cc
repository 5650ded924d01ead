#include "cli/command_line.h"

#include <algorithm>
#include <clocale>
#include <exception>
#include <iostream>
#include <vector>

#include "CLI/CLI.hpp"
#include "base/error.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/first_words.h"
#include "cli/help_format.h"
#include "cli/terminal.h"
#include "config/version.h"

namespace pintail::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

class Program {
 public:
  explicit Program(const Parts& parts)
      : parser_("Arrow in, SQL out: a Flight SQL and HTTP server on an embedded DuckDB.",
                "pintail") {
    parser_.set_version_flag("--version", "pintail " + std::string(config::Version()));
    parser_.formatter(std::make_shared<HelpFormat>());
    parser_.require_subcommand(1);
    parser_.footer(
        "`pintail COMMAND --help` tells more. Results go to standard output, all "
        "else to standard error.\nExit codes: 0 done, 1 failed, 2 a mistake in "
        "the command line.");
    Add(MakeServeCommand(parts.serve));
    Add(MakeQueryCommand());
    Add(MakeShellCommand());
    Add(MakeIngestCommand());
    Add(MakeConfigCommand(parts.check));
    Add(MakeJournalCommand(parts.journal_folder));
    Add(MakeDriverCommand(parts.driver_folder));
    Add(MakeHealthCommand());
    Add(MakeCompletionsCommand(parser_));
    Add(MakeVersionCommand(parts.duckdb_version));
  }

  int Run(int argc, const char* const* argv) {
    auto arguments = ReadFirstWords({argv + std::min(argc, 1), argv + argc}, Names());
    if (!arguments.ok()) {
      Terminal::Detect().PrintError(arguments.status());
      return kUsage;
    }
    std::ranges::reverse(*arguments);  // as the parser takes them
    try {
      parser_.parse(*std::move(arguments));
    } catch (const CLI::Success& success) {  // --help, --version
      parser_.exit(success, std::cout, std::cerr);
      return OutputIsWhole(Terminal::Detect());
    } catch (const CLI::ParseError& error) {
      parser_.exit(error, std::cerr, std::cerr);
      return kUsage;
    }
    const Terminal terminal = Terminal::Detect();
    for (const auto& [command, parser] : commands_) {
      if (parser->parsed()) return Finish(*command, terminal);
    }
    return kUsage;
  }

 private:
  void Add(std::unique_ptr<Command> command) {
    CLI::App* parser = parser_.add_subcommand(std::string(command->name()),
                                              std::string(command->summary()));
    if (!command->examples().empty()) {
      parser->footer("Examples:\n" + std::string(command->examples()));
    }
    command->Declare(*parser);
    commands_.emplace_back(std::move(command), parser);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [command, parser] : commands_) names.push_back(parser->get_name());
    return names;
  }

  static int Finish(Command& command, const Terminal& terminal) {
    const arrow::Status status = Guarded(command, terminal);
    if (status.ok()) return OutputIsWhole(terminal);
    terminal.PrintError(status);
    return IsUsageError(status) ? kUsage : kFailed;
  }

  // No library's exception ends the program without a word.
  static arrow::Status Guarded(Command& command, const Terminal& terminal) {
    try {
      return command.Run(terminal);
    } catch (const std::exception& exception) {
      return base::MakeError(base::ErrorKind::kInternal, "pintail ", command.name(),
                             " failed unexpectedly: ", exception.what());
    }
  }

  // The exit code for what was done: a full disk shows only once all is flushed.
  static int OutputIsWhole(const Terminal& terminal) {
    terminal.out.flush();
    if (terminal.out) return 0;
    terminal.PrintError(
        base::MakeError(base::ErrorKind::kUnavailable,
                        "cannot write to standard output; not all of it is there"));
    return kFailed;
  }

  CLI::App parser_;
  std::vector<std::pair<std::unique_ptr<Command>, CLI::App*>> commands_;
};

}  // namespace

int Main(int argc, const char* const* argv, const Parts& parts) {
  // For the widths of characters; numbers stay as in C.
  if (!std::setlocale(LC_CTYPE, "C.UTF-8")) std::setlocale(LC_CTYPE, "");
  return Program(parts).Run(argc, argv);
}

void DeclareUrl(CLI::App& parser, std::string* url) {
  *url = "grpc://127.0.0.1:50051";
  parser.add_option("--url", *url, "Address of the server")
      ->envname("PINTAIL_URL")
      ->check([](const std::string& text) {
        return IsAddress(text) ? std::string()
                               : text + " is not an address like grpc://127.0.0.1:50051";
      })
      ->capture_default_str();
}

}  // namespace pintail::cli
