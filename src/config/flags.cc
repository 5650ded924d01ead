#include "config/flags.h"

#include <deque>

#include "CLI/CLI.hpp"
#include "config/legacy.h"

namespace pintail::config {

struct Flags::State {
  struct Slot {
    std::string flag;
    std::vector<std::string> texts;
    bool given_alone = false;  // a switch without a value
    CLI::Option* option = nullptr;
  };
  std::string file;
  CLI::Option* file_option = nullptr;
  std::deque<Slot> slots;  // never moves: the parser keeps pointers
};

namespace {

std::string HelpOf(const Option& option) {
  std::string help(option.help);
  if (option.type == OptionType::kChoice) {
    std::string choices(option.choices);
    for (char& c : choices) c = c == '|' ? ',' : c;
    help += " {" + choices + "}";
  }
  if (!option.initial.empty()) help += " [" + std::string(option.initial) + "]";
  return help;
}

}  // namespace

Flags::Flags() : state_(std::make_unique<State>()) {}
Flags::~Flags() = default;

void Flags::AddTo(CLI::App& command) {
  state_->file_option =
      command
          .add_option("-c,--config", state_->file,
                      "Configuration file, TOML or YAML [./pintail.toml, else "
                      "/etc/pintail/pintail.toml]")
          ->type_name("FILE");
  for (const Option& option : Options()) {
    // The short one where there is one: it is what people write.
    const bool both = !option.short_flag.empty();
    auto& slot = state_->slots.emplace_back(both ? std::string(option.short_flag)
                                                 : FlagOf(option));
    const std::string names = both ? slot.flag + "," + FlagOf(option) : slot.flag;
    const bool list = option.type == OptionType::kList || option.type == OptionType::kMap;
    slot.option = command.add_option(names, slot.texts, HelpOf(option))
                      ->group(std::string(option.key.substr(0, option.key.find('.'))))
                      ->type_name(std::string(TypeName(option.type)));
    // One value each time; lists gather the values of all times, others keep the last.
    slot.option->expected(1)->allow_extra_args(false)->multi_option_policy(
        list ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
  }
  for (const LegacyName& legacy : LegacyNames()) {
    if (legacy.flag.empty()) continue;
    auto& slot = state_->slots.emplace_back(std::string(legacy.flag));
    const std::string help(legacy.help);
    slot.option =
        legacy.is_switch
            ? command.add_flag(slot.flag, slot.given_alone, help)
            : command.add_option(slot.flag, slot.texts, help)->type_name("text");
    if (!legacy.is_switch) {
      slot.option->expected(1)->allow_extra_args(false)->multi_option_policy(
          CLI::MultiOptionPolicy::TakeLast);
    }
    slot.option->group("flags of older programs");
  }
}

Sources Flags::Read() const {
  Sources sources;
  if (state_->file_option && state_->file_option->count() > 0)
    sources.file = state_->file;
  for (const State::Slot& slot : state_->slots) {
    if (slot.option->count() == 0) continue;
    auto texts = slot.texts;
    if (texts.empty()) texts.emplace_back("true");
    sources.flags.push_back({slot.flag, std::move(texts)});
  }
  return sources;
}

}  // namespace pintail::config
