#include "base/json_string.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace pintail::base {
namespace {

// For each byte: 0 when it stands for itself, else the letter of its short escape, or
// 'u'.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

void AppendEscape(unsigned char c, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out->push_back('\\');
  out->push_back(kEscapes[c]);
  if (kEscapes[c] != 'u') return;
  out->append("00");
  out->push_back(kDigits[c >> 4]);
  out->push_back(kDigits[c & 15]);
}

// The length of the valid UTF-8 sequence at the beginning of `text`, 0 when there is none
// (Unicode 15, table 3-7).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](size_t i, unsigned char low = 0x80,
                             unsigned char high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

std::string WithoutInvalidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      valid.append("\xEF\xBF\xBD");
    } else {
      valid.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

bool IsAscii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

}  // namespace

void AppendJsonStringOfUtf8(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kEscapes[c] == 0) [[likely]]
      continue;
    out->append(text, begin, i - begin);
    AppendEscape(c, out);
    begin = i + 1;
  }
  out->append(text, begin, text.size() - begin);
  out->push_back('"');
}

void AppendJsonString(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    AppendJsonStringOfUtf8(text, out);
  } else {
    AppendJsonStringOfUtf8(WithoutInvalidUtf8(text), out);
  }
}

}  // namespace pintail::base
