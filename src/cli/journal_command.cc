// `pintail journal`: the journal of a server that does not run, checked and repaired.
#include <unistd.h>

#include <iostream>

#include "CLI/CLI.hpp"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/journal_report.h"
#include "config/flags.h"

namespace pintail::cli {
namespace {

using base::ErrorKind;

// Which journal is meant: the folder that is named, else that of a server with the
// configuration, which is found as `pintail serve` finds it.
class JournalFolder {
 public:
  void AddTo(CLI::App& parser) {
    parser.add_option("folder", folder_,
                      "Folder of the journal; without it that of the configuration");
    flags_.AddTo(parser);
  }
  arrow::Result<std::filesystem::path> Get(const JournalFolderFunction& folder_of) const {
    if (!folder_.empty()) return folder_;
    config::Sources sources = flags_.Read();
    sources.environment = config::ProcessEnvironment();
    ARROW_ASSIGN_OR_RAISE(const auto settings, config::Load(sources));
    if (auto folder = folder_of(settings)) return *std::move(folder);
    return UsageError(
        "the configuration's database is in memory and has no journal; name the "
        "journal's folder, or the database by --database");
  }

 private:
  std::filesystem::path folder_;
  config::Flags flags_;
};

arrow::Result<CheckedJournal> CheckFolder(const std::filesystem::path& folder) {
  CheckedJournal checked = {.folder = folder, .found = {}, .repair = {}};
  ARROW_ASSIGN_OR_RAISE(checked.found, journal::Check(folder));
  const auto& damage = checked.found.damage;
  // What a newer version wrote is not ours to mend.
  if (damage && damage->kind != journal::Damage::Kind::kNewerVersion) {
    ARROW_ASSIGN_OR_RAISE(checked.repair, journal::PlanRepair(folder));
  }
  return checked;
}

class JournalCommand final : public Command {
 public:
  explicit JournalCommand(JournalFolderFunction folder) : folder_of_(std::move(folder)) {}

  std::string_view name() const override { return "journal"; }
  std::string_view summary() const override {
    return "Check or repair the journal of a server that does not run";
  }
  std::string_view examples() const override {
    return "  pintail journal check\n"
           "  pintail journal check --config pintail.toml\n"
           "  pintail journal check hot.duckdb.journal\n"
           "  pintail journal check --json hot.duckdb.journal\n"
           "  pintail journal repair hot.duckdb.journal";
  }

  void Declare(CLI::App& parser) override {
    parser.require_subcommand(1);
    check_ = parser.add_subcommand(
        "check",
        "Tell what is in the journal, what is wrong with it and what a repair would "
        "drop. Changes nothing; ends with 0 when a server would start on it, with 1 "
        "when not");
    check_folder_.AddTo(*check_);
    check_->add_flag("--json", json_, "As one JSON object");
    repair_ = parser.add_subcommand(
        "repair",
        "Go on without what is damaged. Shows what it will do and asks first; the "
        "damaged files are kept beside the new ones, their names with .dropped behind "
        "them");
    repair_folder_.AddTo(*repair_);
    repair_->add_flag("--yes", yes_, "Do not ask");
  }

  arrow::Status Run(const Terminal& terminal) override {
    return check_->parsed() ? Check(terminal) : Repair(terminal);
  }

 private:
  arrow::Status Check(const Terminal& terminal) const {
    ARROW_ASSIGN_OR_RAISE(const auto folder, check_folder_.Get(folder_of_));
    ARROW_ASSIGN_OR_RAISE(const CheckedJournal checked, CheckFolder(folder));
    terminal.out << (json_ ? CheckJson(checked) + "\n" : CheckText(checked));
    if (!checked.found.damage) return arrow::Status::OK();
    return base::MakeError(ErrorKind::kUnavailable, DamageAdvice(checked));
  }

  arrow::Status Repair(const Terminal& terminal) const {
    const bool can_ask = isatty(STDIN_FILENO) != 0 && terminal.err_is_terminal;
    if (!yes_ && !can_ask) {
      return UsageError("there is no terminal to ask on; --yes repairs without asking");
    }
    ARROW_ASSIGN_OR_RAISE(const auto folder, repair_folder_.Get(folder_of_));
    ARROW_ASSIGN_OR_RAISE(const auto plan, journal::PlanRepair(folder));
    if (plan.segments.empty()) {
      terminal.out << "nothing to repair in " << folder.native() << "\n";
      return arrow::Status::OK();
    }
    if (!yes_) {
      terminal.out << PlannedText(plan) << std::flush;
      ARROW_RETURN_NOT_OK(Ask(terminal));
    }
    const auto files = journal::MakeSystemFiles();
    ARROW_ASSIGN_OR_RAISE(const auto report, journal::Repair(folder, *files));
    terminal.out << RepairedText(report);
    return arrow::Status::OK();
  }

  static arrow::Status Ask(const Terminal& terminal) {
    terminal.err << "Repair it so? Type yes: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return arrow::Status::OK();
    return base::MakeError(ErrorKind::kCancelled,
                           "the answer was not yes; nothing was changed");
  }

  const JournalFolderFunction folder_of_;
  JournalFolder check_folder_;
  JournalFolder repair_folder_;
  bool json_ = false;
  bool yes_ = false;
  CLI::App* check_ = nullptr;
  CLI::App* repair_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> MakeJournalCommand(JournalFolderFunction folder) {
  return std::make_unique<JournalCommand>(std::move(folder));
}

}  // namespace pintail::cli
