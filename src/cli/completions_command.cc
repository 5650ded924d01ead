// `pintail completions`: what a shell offers when TAB is pressed, made from the commands'
// own declarations.
#include "CLI/CLI.hpp"
#include "cli/commands.h"
#include "cli/completion_script.h"

namespace pintail::cli {
namespace {

// The words in the braces of what is said of an option, "{a,b}", with spaces between.
std::string ValuesOf(const CLI::Option& option) {
  for (const std::string& text : {option.get_type_name(), option.get_description()}) {
    const size_t begin = text.find('{');
    const size_t end = text.find('}', begin);
    if (begin == std::string::npos || end == std::string::npos) continue;
    std::string values = text.substr(begin + 1, end - begin - 1);
    std::ranges::replace(values, ',', ' ');
    return values;
  }
  return "";
}

std::vector<CompletedCommand> CommandsOf(const CLI::App& program) {
  std::vector<CompletedCommand> commands;
  for (const CLI::App* command : program.get_subcommands({})) {
    if (command->get_group().empty()) continue;
    CompletedCommand& completed = commands.emplace_back(CompletedCommand{
        .name = command->get_name(), .summary = command->get_description()});
    for (const CLI::App* sub : command->get_subcommands({})) {
      if (!sub->get_group().empty()) completed.words.push_back(sub->get_name());
    }
    // The flags of sub-commands are the same for each of them.
    std::vector<const CLI::App*> parsers = {command};
    for (const CLI::App* sub : command->get_subcommands({})) parsers.push_back(sub);
    for (const CLI::App* parser : parsers) {
      for (const CLI::Option* option : parser->get_options()) {
        for (const std::string& flag : option->get_lnames()) {
          const std::string word = "--" + flag;
          if (std::ranges::find(completed.words, word) == completed.words.end()) {
            completed.words.push_back(word);
            const std::string values = ValuesOf(*option);
            if (!values.empty()) completed.values.emplace_back(word, values);
          }
        }
      }
    }
  }
  return commands;
}

class CompletionsCommand final : public Command {
 public:
  explicit CompletionsCommand(const CLI::App& program) : program_(program) {}

  std::string_view name() const override { return "completions"; }
  std::string_view summary() const override { return "Print completions for a shell"; }
  std::string_view examples() const override {
    return "  source <(pintail completions bash)\n"
           "  pintail completions zsh > ~/.zfunc/_pintail\n"
           "  pintail completions fish > ~/.config/fish/completions/pintail.fish";
  }
  void Declare(CLI::App& parser) override {
    parser.add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  arrow::Status Run(const Terminal& terminal) override {
    const auto commands = CommandsOf(program_);
    terminal.out << (shell_ == "bash"  ? BashCompletions(commands)
                     : shell_ == "zsh" ? ZshCompletions(commands)
                                       : FishCompletions(commands));
    return arrow::Status::OK();
  }

 private:
  const CLI::App& program_;
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> MakeCompletionsCommand(const CLI::App& program) {
  return std::make_unique<CompletionsCommand>(program);
}

}  // namespace pintail::cli
