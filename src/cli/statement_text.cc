#include "cli/statement_text.h"

#include <cctype>

namespace pintail::cli {
namespace {

constexpr size_t kUnfinished = std::string_view::npos;

bool IsNameLetter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

// Each of these takes the position of the opening and gives the one after the closing.

size_t AfterQuoted(std::string_view text, size_t at, bool backslashes) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (backslashes && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return kUnfinished;
}

size_t AfterLineComment(std::string_view text, size_t at) {
  const size_t end = text.find('\n', at);
  return end == std::string_view::npos ? kUnfinished : end + 1;
}

size_t AfterBlockComment(std::string_view text, size_t at) {
  int depth = 0;
  for (; at + 1 < text.size(); ++at) {
    const std::string_view pair = text.substr(at, 2);
    if (pair == "/*") {
      ++depth;
      ++at;
    } else if (pair == "*/") {
      ++at;
      if (--depth == 0) return at + 1;
    }
  }
  return kUnfinished;
}

// $tag$ … $tag$; a $ that opens none ($1, $name) is passed over.
size_t AfterDollar(std::string_view text, size_t at) {
  size_t end = at + 1;
  if (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])))
    return end;
  while (end < text.size() && IsNameLetter(text[end])) ++end;
  if (end == text.size() || text[end] != '$') return end;
  const std::string_view tag = text.substr(at, end + 1 - at);
  const size_t close = text.find(tag, end + 1);
  return close == std::string_view::npos ? kUnfinished : close + tag.size();
}

struct Token {
  size_t end = kUnfinished;  // the position after it
  bool comment = false;
};

Token NextToken(std::string_view text, size_t at) {
  const char c = text[at];
  const std::string_view pair = text.substr(at, 2);
  if (c == '\'' || c == '"') {
    const bool escapes = c == '\'' && at > 0 &&
                         (text[at - 1] == 'E' || text[at - 1] == 'e') &&
                         (at == 1 || !IsNameLetter(text[at - 2]));
    return {AfterQuoted(text, at, escapes)};
  }
  if (pair == "--") return {AfterLineComment(text, at), true};
  if (pair == "/*") return {AfterBlockComment(text, at), true};
  const bool in_name = at > 0 && IsNameLetter(text[at - 1]);
  if (c == '$' && !in_name) return {AfterDollar(text, at)};
  return {at + 1};
}

}  // namespace

size_t EndOfStatement(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ';') return at + 1;
    at = NextToken(text, at).end;
    if (at == kUnfinished) break;
  }
  return std::string_view::npos;
}

bool IsBlank(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const bool space =
        std::isspace(static_cast<unsigned char>(text[at])) || text[at] == ';';
    const Token token = NextToken(text, at);
    if (!space && !token.comment) return false;
    // A comment that is not closed yet hides the rest.
    if (token.end == kUnfinished) return true;
    at = token.end;
  }
  return true;
}

}  // namespace pintail::cli
