#include "cli/completer.h"

#include <array>
#include <cctype>

#include "base/lower_case.h"

namespace pintail::cli {
namespace {

constexpr std::array<std::string_view, 82> kKeywords = {
    "ALL",        "ALTER",    "ANALYZE",   "AND",      "ANTI",    "AS",       "ASC",
    "ASOF",       "ATTACH",   "BEGIN",     "BETWEEN",  "BY",      "CASE",     "CAST",
    "CHECKPOINT", "COLUMN",   "COMMIT",    "COPY",     "CREATE",  "CROSS",    "DATABASE",
    "DEFAULT",    "DELETE",   "DESC",      "DESCRIBE", "DETACH",  "DISTINCT", "DROP",
    "ELSE",       "END",      "EXCEPT",    "EXISTS",   "EXPLAIN", "FALSE",    "FROM",
    "FULL",       "GROUP",    "HAVING",    "IN",       "INDEX",   "INNER",    "INSERT",
    "INTERSECT",  "INTERVAL", "INTO",      "IS",       "JOIN",    "LEFT",     "LIKE",
    "LIMIT",      "MERGE",    "NOT",       "NULL",     "OFFSET",  "ON",       "OR",
    "ORDER",      "OVER",     "PARTITION", "PIVOT",    "PRIMARY", "QUALIFY",  "REPLACE",
    "RETURNING",  "RIGHT",    "ROLLBACK",  "SELECT",   "SET",     "SHOW",     "SUMMARIZE",
    "TABLE",      "TABLES",   "TEMPORARY", "THEN",     "TRUE",    "UNION",    "UPDATE",
    "USING",      "VALUES",   "VIEW",      "WHEN",     "WHERE"};

bool IsWordLetter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

bool BeginsWith(std::string_view word, std::string_view prefix) {
  return base::LowerCase(word.substr(0, prefix.size())) == base::LowerCase(prefix);
}

// A keyword in the case that its beginning was typed in.
std::string InCaseOf(std::string_view keyword, std::string_view typed) {
  const bool lower =
      !typed.empty() && std::islower(static_cast<unsigned char>(typed.front()));
  return lower ? base::LowerCase(keyword) : std::string(keyword);
}

// The longest beginning that all words have.
std::string CommonBeginning(const std::vector<std::string>& words) {
  std::string common = words.front();
  for (const std::string& word : words) {
    size_t same = 0;
    while (same < common.size() && same < word.size() && common[same] == word[same])
      ++same;
    common.resize(same);
  }
  return common;
}

}  // namespace

const std::vector<std::string>& DotCommands() {
  static const std::vector<std::string> commands = {
      ".help", ".mode", ".quit", ".schema", ".tables", ".timing", ".types"};
  return commands;
}

Completions Completer::Complete(std::string_view line) const {
  size_t begin = line.size();
  while (begin > 0 && IsWordLetter(line[begin - 1])) --begin;
  const bool dot_command = begin == 1 && line[0] == '.';
  if (dot_command) begin = 0;
  const std::string_view typed = line.substr(begin);
  Completions completions;
  if (typed.empty()) return completions;
  std::set<std::string> words;
  if (dot_command) {
    for (const std::string& command : DotCommands()) {
      if (command.starts_with(typed)) words.insert(command);
    }
  } else {
    // After a dot only a name can come.
    const bool names_only = begin > 0 && line[begin - 1] == '.';
    for (const std::string_view keyword : kKeywords) {
      if (!names_only && BeginsWith(keyword, typed))
        words.insert(InCaseOf(keyword, typed));
    }
    for (const std::string& name : names_) {
      const bool function = name.ends_with('(');
      if (BeginsWith(name, typed) && !(function && names_only)) words.insert(name);
    }
  }
  completions.words.assign(words.begin(), words.end());
  if (completions.words.empty()) return completions;
  const std::string common = CommonBeginning(completions.words);
  if (common.size() > typed.size()) completions.insert = common.substr(typed.size());
  const bool goes_on = common.ends_with('.') || common.ends_with('(');
  if (completions.words.size() == 1 && !goes_on) completions.insert += ' ';
  return completions;
}

}  // namespace pintail::cli
