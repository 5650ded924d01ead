#include "gateway/discreet_text.h"

#include <algorithm>
#include <array>

#include "base/lower_case.h"

namespace pintail::gateway {
namespace {

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

// Where a literal that begins at `start` with a quote ends, past its last character.
size_t EndOfQuoted(std::string_view sql, size_t start, bool backslash_escapes) {
  for (size_t i = start + 1; i < sql.size(); ++i) {
    if (backslash_escapes && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == '\'') {
      if (i + 1 >= sql.size() || sql[i + 1] != '\'') return i + 1;
      ++i;
    }
  }
  return sql.size();
}

// Where a literal $tag$…$tag$ that begins at `start` ends; `start` when there is none.
size_t EndOfDollarQuoted(std::string_view sql, size_t start) {
  size_t tag_end = start + 1;
  while (tag_end < sql.size() && IsNamePart(sql[tag_end])) ++tag_end;
  const bool is_parameter =
      tag_end > start + 1 && sql[start + 1] >= '0' && sql[start + 1] <= '9';
  if (tag_end >= sql.size() || sql[tag_end] != '$' || is_parameter) return start;
  const std::string_view tag = sql.substr(start, tag_end - start + 1);
  const size_t close = sql.find(tag, tag_end + 1);
  return close == std::string_view::npos ? sql.size() : close + tag.size();
}

}  // namespace

bool MayHoldSecrets(std::string_view sql) {
  constexpr std::array<std::string_view, 7> kWords = {
      "secret", "passw", "token", "credential", "access_key", "api_key", "pwd"};
  constexpr std::string_view kFirstLetters = "sptca:";  // of the words and of "://"
  for (size_t i = 0; i < sql.size(); ++i) {
    if (kFirstLetters.find(base::LowerCase(sql[i])) == std::string_view::npos) continue;
    const std::string_view rest = sql.substr(i);
    // user:password@host
    if (rest.starts_with("://")) {
      const size_t end = rest.find_first_of("@/ '\"", 3);
      if (end != std::string_view::npos && rest[end] == '@') return true;
    }
    if (std::ranges::any_of(kWords,
                            [&](auto word) { return StartsWithWord(rest, word); })) {
      return true;
    }
  }
  return false;
}

std::string WithoutLiterals(std::string_view sql) {
  std::string shown;
  size_t i = 0;
  while (i < sql.size()) {
    const bool escapes =
        i > 0 && base::LowerCase(sql[i - 1]) == 'e' && (i < 2 || !IsNamePart(sql[i - 2]));
    const size_t end = sql[i] == '\''  ? EndOfQuoted(sql, i, escapes)
                       : sql[i] == '$' ? EndOfDollarQuoted(sql, i)
                                       : i;
    if (end > i) {
      shown += "'***'";
      i = end;
    } else {
      shown.push_back(sql[i++]);
    }
  }
  return shown;
}

}  // namespace pintail::gateway
