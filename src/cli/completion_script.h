// Completion scripts for shells. Pure functions.
#pragma once

#include <string>
#include <vector>

namespace pintail::cli {

struct CompletedCommand {
  std::string name;
  std::string summary;
  std::vector<std::string> words;  // its sub-commands and flags
  // What a flag's value can be, where that is known: {"--mode", "append replace"}.
  std::vector<std::pair<std::string, std::string>> values = {};
};

std::string BashCompletions(const std::vector<CompletedCommand>& commands);
std::string ZshCompletions(const std::vector<CompletedCommand>& commands);
std::string FishCompletions(const std::vector<CompletedCommand>& commands);

}  // namespace pintail::cli
