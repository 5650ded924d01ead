#include "engine/query_text.h"

#include <algorithm>
#include <cctype>

#include "engine/sql_tokens.h"

namespace pintail::engine {
namespace {

bool IsWord(std::string_view token, std::string_view word) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)); };
  const auto end = std::ranges::find_if_not(token, letter);
  return std::ranges::equal(
      token.begin(), end, word.begin(), word.end(),
      [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

}  // namespace

std::string QueryIn(std::string_view sql) {
  auto tokens = CutIntoTokens(sql);
  while (!tokens.empty() && tokens.back().text.starts_with(';')) tokens.pop_back();
  if (tokens.empty()) return "";
  const std::string_view first = tokens.front().text;
  const bool begins =
      IsWord(first, "SELECT") || IsWord(first, "WITH") || IsWord(first, "VALUES");
  const bool several = std::ranges::any_of(
      tokens, [](const SqlToken& token) { return token.text.starts_with(';'); });
  if (!begins || several) return "";
  const std::string_view last = tokens.back().text;
  return {first.data(), last.data() + last.size()};
}

std::string AsSubquery(const std::string& query) {
  // On a line of its own: a comment may end the query.
  return "SELECT * FROM (" + query + "\n) AS pintail_rows";
}

}  // namespace pintail::engine
