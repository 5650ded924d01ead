#include "gateway/discreet_text.h"

#include <algorithm>
#include <array>

#include "base/lower_case.h"
#include "engine/sql_tokens.h"

namespace pintail::gateway {
namespace {

using engine::SqlToken;
using engine::SqlTokenKind;

constexpr std::string_view kHidden = "***";

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char expected, char given) {
                      return expected == base::LowerCase(given);
                    });
}

bool IsNamePart(char letter) {
  const char lower = base::LowerCase(letter);
  return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
         lower == '_' || (static_cast<unsigned char>(letter) & 0x80) != 0;
}

bool IsSpace(char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

// The bare word that the token begins with; all else in it may be anything.
std::string_view WordOf(std::string_view token) {
  return token.substr(0, static_cast<size_t>(std::ranges::find_if_not(token, IsNamePart) -
                                             token.begin()));
}

// The punctuation, or the parameter, that the token begins with.
std::string_view SignOf(std::string_view token) {
  if (token.empty() || IsNamePart(token.front())) return {};
  if (token.front() == '$') {
    const auto end = std::find_if_not(token.begin() + 1, token.end(),
                                      [](char c) { return c >= '0' && c <= '9'; });
    return {token.begin(), end};
  }
  const size_t end = token.find_first_not_of("()[]{},;.=<>!+-*/%^&|~:?@#");
  return token.substr(0, end);
}

// Of statements that read or change rows; their bare names are of tables and columns.
bool BeginsRows(std::string_view word) {
  constexpr std::array<std::string_view, 9> kRowWords = {
      "select", "insert", "update", "delete", "merge", "with", "from", "values", "table"};
  return std::ranges::contains(kRowWords, base::LowerCase(word));
}

std::string_view Shown(const SqlToken& token, bool names) {
  const std::string_view word = WordOf(token.text);
  switch (token.kind) {
    case SqlTokenKind::kKeyword:
      // Such as :: is one too.
      return word.empty() ? SignOf(token.text) : word;
    case SqlTokenKind::kName:
      return names && !word.empty() ? word : kHidden;
    case SqlTokenKind::kLiteral:
      return kHidden;
    case SqlTokenKind::kOther:
      return SignOf(token.text);
  }
  return kHidden;
}

}  // namespace

bool MayHoldSecrets(std::string_view sql) {
  constexpr std::array<std::string_view, 13> kWords = {
      "secret",           "passw",         "token",
      "credential",       "pwd",           "_key",
      "apikey",           "accesskey",     "accountkey",
      "bearer",           "authorization", "encrypt",
      "connection_string"};
  constexpr std::string_view kFirstLetters = "sptca_be:";  // of words and of "://"
  for (size_t i = 0; i < sql.size(); ++i) {
    if (kFirstLetters.find(base::LowerCase(sql[i])) == std::string_view::npos) continue;
    const std::string_view rest = sql.substr(i);
    // user:password@host
    if (rest.starts_with("://")) {
      const size_t end = rest.find_first_of("@/ '\"", 3);
      if (end != std::string_view::npos && rest[end] == '@') return true;
    }
    if (StartsWithWord(rest, "attach") && WordOf(rest).size() == 6 &&
        (i == 0 || !IsNamePart(sql[i - 1]))) {
      return true;
    }
    if (std::ranges::any_of(kWords,
                            [&](auto word) { return StartsWithWord(rest, word); })) {
      return true;
    }
  }
  return false;
}

std::string DiscreetText(std::string_view sql) {
  const auto tokens = engine::CutIntoTokens(sql);
  if (tokens.empty()) return std::string(kHidden);
  std::string text;
  bool first = true;  // of its statement
  bool names = false;
  for (const SqlToken& token : tokens) {
    if (first) names = BeginsRows(WordOf(token.text));
    const std::string_view shown = Shown(token, names);
    text += shown;
    // What follows a word or a sign up to the next token.
    const std::string_view rest = shown == kHidden ? "" : token.text.substr(shown.size());
    if (!std::ranges::all_of(rest, IsSpace)) text.append(" ").append(kHidden);
    if (shown == kHidden ? IsSpace(token.text.back()) : !rest.empty()) text += ' ';
    first = token.text.starts_with(';');
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace pintail::gateway
