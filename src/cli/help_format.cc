#include "cli/help_format.h"

#include <sstream>
#include <utility>

namespace pintail::cli {

std::string HelpFormat::make_help(const CLI::App* app, std::string name,
                                  CLI::AppFormatMode mode) const {
  std::istringstream lines(CLI::Formatter::make_help(app, std::move(name), mode));
  std::string help;
  std::string line;
  while (std::getline(lines, line)) {
    line.erase(line.find_last_not_of(" \t") + 1);
    const bool follows_empty = help.empty() || help.ends_with("\n\n");
    if (!line.empty() || !follows_empty) help += line + "\n";
  }
  return help;
}

}  // namespace pintail::cli
