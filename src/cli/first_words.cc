#include "cli/first_words.h"

#include <algorithm>

#include "cli/command.h"
#include "config/nearest.h"

namespace pintail::cli {

arrow::Result<std::vector<std::string>> ReadFirstWords(
    std::vector<std::string> arguments, const std::vector<std::string>& commands) {
  if (arguments.empty()) return arguments;
  if (arguments.front() == "help") {
    arguments.erase(arguments.begin());
    if (arguments.empty()) return std::vector<std::string>{"--help"};
    arguments.resize(1);
    arguments.emplace_back("--help");
  }
  const std::string& word = arguments.front();
  const bool known = word.starts_with('-') || std::ranges::contains(commands, word);
  if (known) return arguments;
  return UsageError("there is no command \"" + word + "\"; did you mean " +
                    config::NearestName(word, commands) + "? `pintail help` lists them");
}

}  // namespace pintail::cli
