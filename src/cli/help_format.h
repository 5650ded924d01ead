// How help is laid out: the parser's own layout without blanks at the ends of lines and
// without more than one empty line in a row.
#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace pintail::cli {

class HelpFormat final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace pintail::cli
