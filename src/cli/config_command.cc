// `pintail config`: the configuration checked, shown and documented, without a server.
#include "CLI/CLI.hpp"
#include "cli/commands.h"
#include "config/document.h"
#include "config/flags.h"

namespace pintail::cli {
namespace {

class ConfigCommand final : public Command {
 public:
  explicit ConfigCommand(CheckFunction check) : check_settings_(std::move(check)) {}

  std::string_view name() const override { return "config"; }
  std::string_view summary() const override { return "Check or show the configuration"; }
  std::string_view examples() const override {
    return "  pintail config check --config pintail.toml\n"
           "  pintail config show --format table\n"
           "  pintail config defaults > pintail.toml";
  }

  void Declare(CLI::App& parser) override {
    parser.require_subcommand(1);
    check_ = parser.add_subcommand("check", "Tell whether the configuration is right");
    check_flags_.AddTo(*check_);
    show_ = parser.add_subcommand(
        "show",
        "Print every setting in force and where it came from. Secrets are masked; "
        "${env:NAME} and ${file:/path} stand as they were written, since what they stand "
        "for may be one");
    show_->add_option("--format", format_, "toml or table")
        ->check(CLI::IsMember({"toml", "table"}))
        ->capture_default_str();
    show_flags_.AddTo(*show_);
    defaults_ = parser.add_subcommand("defaults", "Print a file with every default");
    docs_ = parser.add_subcommand("docs", "Print the page docs/config.md")->group("");
  }

  arrow::Status Run(const Terminal& terminal) override {
    if (docs_->parsed()) {
      terminal.out << config::Page();
    } else if (defaults_->parsed()) {
      terminal.out << config::DefaultsFile();
    } else if (check_->parsed()) {
      return Check(terminal);
    } else {
      ARROW_ASSIGN_OR_RAISE(const auto settings, Load(show_flags_));
      terminal.out << (format_ == "table" ? config::ShowTable(settings)
                                          : config::ShowToml(settings));
      PrintNotes(settings, terminal);
    }
    return arrow::Status::OK();
  }

 private:
  static arrow::Result<config::Settings> Load(const config::Flags& flags) {
    config::Sources sources = flags.Read();
    sources.environment = config::ProcessEnvironment();
    return config::Load(sources);
  }

  static void PrintNotes(const config::Settings& settings, const Terminal& terminal) {
    for (const std::string& note : settings.notes)
      terminal.err << "note: " << note << "\n";
  }

  arrow::Status Check(const Terminal& terminal) {
    ARROW_ASSIGN_OR_RAISE(const auto settings, Load(check_flags_));
    PrintNotes(settings, terminal);
    ARROW_RETURN_NOT_OK(check_settings_(settings));
    terminal.out << (settings.file.empty() ? std::string("no file; the rest")
                                           : settings.file)
                 << " is right\n";
    return arrow::Status::OK();
  }

  const CheckFunction check_settings_;
  config::Flags check_flags_;
  config::Flags show_flags_;
  std::string format_ = "toml";
  CLI::App* check_ = nullptr;
  CLI::App* show_ = nullptr;
  CLI::App* defaults_ = nullptr;
  CLI::App* docs_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> MakeConfigCommand(CheckFunction check) {
  return std::make_unique<ConfigCommand>(std::move(check));
}

}  // namespace pintail::cli
