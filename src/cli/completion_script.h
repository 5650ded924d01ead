// Completion scripts for shells. Pure functions.
#pragma once

#include <string>
#include <vector>

namespace pintail::cli {

struct CompletedCommand {
  std::string name;
  std::string summary;
  std::vector<std::string> words;  // its sub-commands and flags
};

std::string BashCompletions(const std::vector<CompletedCommand>& commands);
std::string ZshCompletions(const std::vector<CompletedCommand>& commands);
std::string FishCompletions(const std::vector<CompletedCommand>& commands);

}  // namespace pintail::cli
