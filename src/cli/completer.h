// What the shell offers when TAB is pressed. Pure; a value.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pintail::cli {

struct Completions {
  std::vector<std::string> words;  // whole words that fit, sorted
  std::string insert;              // what can be added at the cursor at once
};

class Completer {
 public:
  // Names of tables and columns, beside SQL's own words; one that ends in a dot or a
  // parenthesis is a schema or a function, and goes on.
  void SetNames(std::set<std::string> names) { names_ = std::move(names); }

  // For the word that ends at the end of `line`, the text before the cursor.
  Completions Complete(std::string_view line) const;

 private:
  std::set<std::string> names_;
};

// The names of the shell's own commands: ".help" and so on.
const std::vector<std::string>& DotCommands();

}  // namespace pintail::cli
