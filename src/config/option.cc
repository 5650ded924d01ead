#include "config/option.h"

#include <algorithm>
#include <cctype>

namespace pintail::config {

const Option* FindOption(std::string_view key) {
  const auto options = Options();
  const auto found = std::ranges::find(options, key, &Option::key);
  return found == options.end() ? nullptr : &*found;
}

std::string VariableOf(const Option& option) {
  std::string variable = "PINTAIL_";
  for (const char c : option.key) {
    variable +=
        c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

std::string FlagOf(const Option& option) {
  std::string flag = "--";
  for (const char c : option.key) flag += c == '.' || c == '_' ? '-' : c;
  return flag;
}

std::string_view TypeName(OptionType type) {
  switch (type) {
    case OptionType::kText:
      return "text";
    case OptionType::kInteger:
      return "integer";
    case OptionType::kBytes:
      return "bytes";
    case OptionType::kDuration:
      return "duration";
    case OptionType::kSwitch:
      return "switch";
    case OptionType::kChoice:
      return "choice";
    case OptionType::kList:
      return "list";
    case OptionType::kMap:
      return "map";
  }
  return "text";
}

std::vector<std::string_view> ChoicesOf(const Option& option) {
  return SplitChoices(option.choices);
}

std::vector<std::string_view> SplitChoices(std::string_view text) {
  std::vector<std::string_view> choices;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    choices.push_back(rest.substr(0, bar));
    rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
  }
  return choices;
}

}  // namespace pintail::config
