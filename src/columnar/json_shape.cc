#include "columnar/json_shape.h"

#include "columnar/array_layout.h"

namespace pintail::columnar {
namespace {

constexpr size_t kLongInteger = 16;

// The position after the string literal that begins at `begin` (its opening quote), or
// the end of its line when it is not closed: strings do not span lines.
size_t EndOfString(std::string_view text, size_t begin) {
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\n') return i;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The position after the number at `begin`; tells whether it is a long integer.
size_t EndOfNumber(std::string_view text, size_t begin, bool* is_long_integer) {
  size_t i = begin;
  while (i < text.size() && IsDigit(text[i])) ++i;
  const bool is_integer =
      i == text.size() || (text[i] != '.' && text[i] != 'e' && text[i] != 'E');
  *is_long_integer = is_integer && i - begin >= kLongInteger;
  while (i < text.size() && (IsDigit(text[i]) || text[i] == '.' || text[i] == 'e' ||
                             text[i] == 'E' || text[i] == '+' || text[i] == '-')) {
    ++i;
  }
  return i;
}

}  // namespace

arrow::Result<JsonShape> ScanJsonLines(std::string_view text, int64_t max_nesting,
                                       int64_t max_members) {
  JsonShape shape;
  int64_t depth = 0;
  int64_t members = 0;
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '"') {
      i = EndOfString(text, i);
      continue;
    }
    if (IsDigit(c)) {
      bool is_long_integer = false;
      i = EndOfNumber(text, i, &is_long_integer);
      shape.has_long_integers |= is_long_integer;
      continue;
    }
    if (c == '{' || c == '[') {
      // The object of the line itself is not nested.
      if (++depth > max_nesting + 1) {
        return Lie("a JSON value is nested more than ", max_nesting, " levels deep");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ':') {
      if (++members > max_members) {
        return Lie("a line of JSON has more than ", max_members, " members");
      }
    } else if (c == '\n') {
      depth = 0;
      members = 0;
    }
    ++i;
  }
  return shape;
}

}  // namespace pintail::columnar
