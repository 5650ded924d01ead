#include "columnar/opaque_text.h"

#include <charconv>
#include <cstring>
#include <vector>

#include "arrow/type.h"
#include "columnar/temporal_text.h"

namespace pintail::columnar {
namespace {

unsigned ByteAt(std::string_view bytes, size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

void AppendTwoDigits(int32_t value, std::string* out) {
  out->push_back(static_cast<char>('0' + value / 10));
  out->push_back(static_cast<char>('0' + value % 10));
}

// The magnitude, highest word first.
std::vector<uint32_t> WordsOf(std::string_view bytes, unsigned flip) {
  std::vector<uint32_t> words((bytes.size() + 3) / 4);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t from_end = bytes.size() - 1 - i;
    words[words.size() - 1 - from_end / 4] |= (ByteAt(bytes, i) ^ flip)
                                              << (from_end % 4 * 8);
  }
  return words;
}

// Divides in place; gives the remainder.
uint32_t DivideBy(uint32_t divisor, std::vector<uint32_t>* words) {
  uint64_t remainder = 0;
  for (uint32_t& word : *words) {
    const uint64_t value = remainder << 32 | word;
    word = static_cast<uint32_t>(value / divisor);
    remainder = value % divisor;
  }
  while (!words->empty() && words->front() == 0) words->erase(words->begin());
  return static_cast<uint32_t>(remainder);
}

}  // namespace

void AppendBitString(std::string_view bytes, std::string* out) {
  if (bytes.empty()) return;
  // The first byte counts the bits of the second that are none of the value's.
  const size_t bits = (bytes.size() - 1) * 8;
  for (size_t i = ByteAt(bytes, 0); i < bits; ++i) {
    out->push_back((ByteAt(bytes, 1 + i / 8) >> (7 - i % 8) & 1) != 0 ? '1' : '0');
  }
}

void AppendBigNumber(std::string_view bytes, std::string* out) {
  constexpr size_t kHeaderBytes = 3;  // sign and length
  constexpr uint32_t kBillion = 1'000'000'000;
  if (bytes.size() < kHeaderBytes) return;
  const bool negative = (ByteAt(bytes, 0) & 0x80) == 0;
  auto words = WordsOf(bytes.substr(kHeaderBytes), negative ? 0xFF : 0);
  std::vector<uint32_t> billions;  // nine digits each, the lowest first
  do {
    billions.push_back(DivideBy(kBillion, &words));
  } while (!words.empty());
  if (negative) out->push_back('-');
  for (size_t i = billions.size(); i-- > 0;) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof(digits), billions[i]).ptr;
    const auto length = static_cast<size_t>(end - digits);
    if (i + 1 < billions.size()) out->append(9 - length, '0');
    out->append(digits, length);
  }
}

void AppendTimeWithOffset(std::string_view bytes, std::string* out) {
  constexpr int32_t kMaxOffsetSeconds = 16 * 60 * 60 - 1;
  uint64_t bits = 0;
  if (bytes.size() != sizeof(bits)) return;
  std::memcpy(&bits, bytes.data(), sizeof(bits));
  std::string time;
  AppendTimeOfDay(static_cast<int64_t>(bits >> 24), arrow::TimeUnit::MICRO, &time);
  time.erase(time.find_last_not_of('0') + 1);
  if (time.ends_with('.')) time.pop_back();
  out->append(time);
  // Counted down from the largest, so that later offsets sort first.
  const int32_t offset = kMaxOffsetSeconds - static_cast<int32_t>(bits & 0xFFFFFF);
  const int32_t size = offset < 0 ? -offset : offset;
  out->push_back(offset < 0 ? '-' : '+');
  AppendTwoDigits(size / 3600, out);
  if (size % 3600 == 0) return;
  out->push_back(':');
  AppendTwoDigits(size / 60 % 60, out);
  if (size % 60 == 0) return;
  out->push_back(':');
  AppendTwoDigits(size % 60, out);
}

}  // namespace pintail::columnar
