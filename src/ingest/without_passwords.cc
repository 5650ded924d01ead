#include "ingest/without_passwords.h"

#include <algorithm>
#include <array>

#include "base/lower_case.h"

namespace pintail::ingest {
namespace {

constexpr std::string_view kStars = "***";
constexpr std::array<std::string_view, 3> kKeys = {"password", "passwd", "pwd"};

// Where the value ends that begins at `at`.
size_t EndOfValue(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == '\'') {
    for (size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '\'') {
        return i + 1;
      }
    }
    return text.size();
  }
  return std::min(text.find_first_of(" \t\r\n\";&", at), text.size());
}

// The length of a key with its equals sign at the beginning; 0 when there is none.
size_t KeyAt(std::string_view text) {
  for (const std::string_view key : kKeys) {
    if (base::LowerCase(text.substr(0, key.size())) != key) continue;
    const size_t equals = text.find_first_not_of(" \t", key.size());
    if (equals == text.npos || text[equals] != '=') continue;
    return std::min(text.find_first_not_of(" \t", equals + 1), text.size());
  }
  return 0;
}

// The length of "://user:" at the beginning, and in `end` where the password ends; 0 when
// there is no such thing.
size_t UserAt(std::string_view text, size_t& end) {
  if (!text.starts_with("://")) return 0;
  const size_t stop = std::min(text.find_first_of(" \t\r\n\"'/", 3), text.size());
  const size_t at = text.substr(0, stop).rfind('@');
  const size_t colon = text.find(':', 3);
  if (at == text.npos || colon == text.npos || colon > at) return 0;
  end = at;
  return colon + 1;
}

}  // namespace

std::string WithoutPasswords(std::string_view text) {
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    size_t end = 0;
    size_t length = UserAt(rest, end);
    if (length == 0) {
      length = KeyAt(rest);
      end = length > 0 ? EndOfValue(rest, length) : 0;
    }
    if (length == 0) {
      shown += text[i++];
      continue;
    }
    shown += rest.substr(0, length);
    shown += kStars;
    i += end;
  }
  return shown;
}

}  // namespace pintail::ingest
