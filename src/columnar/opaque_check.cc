#include "columnar/opaque_check.h"

#include <cstdint>
#include <memory>

#include "arrow/array.h"
#include "arrow/extension_type.h"
#include "columnar/array_layout.h"

namespace pintail::columnar {
namespace {

using arrow::Type;

unsigned char ByteAt(std::string_view value, size_t i) {
  return static_cast<unsigned char>(value[i]);
}

// One byte tells how many bits of the next one are padding; those bits are set.
bool IsBitString(std::string_view value) {
  if (value.size() < 2) return false;
  const unsigned padding = ByteAt(value, 0);
  if (padding > 7) return false;
  const unsigned mask = 0xFFu << (8 - padding) & 0xFFu;
  return (ByteAt(value, 1) & mask) == mask;
}

// Three bytes of sign and count of the bytes that follow, the highest of which is not
// zero; all of them inverted for a negative number.
bool IsBigNumber(std::string_view value) {
  if (value.size() < 4) return false;
  const bool negative = (ByteAt(value, 0) & 0x80) == 0;
  const unsigned flip = negative ? 0xFF : 0;
  const size_t count = ((ByteAt(value, 0) ^ flip) & 0x7F) << 16 |
                       (ByteAt(value, 1) ^ flip) << 8 | (ByteAt(value, 2) ^ flip);
  if (count != value.size() - 3) return false;
  const unsigned highest = ByteAt(value, 3) ^ flip;
  // Zero is positive.
  return highest != 0 || (count == 1 && !negative);
}

// 40 bits of microseconds and 24 bits of the offset from UTC, counted down from its
// largest.
bool IsTimeWithOffset(std::string_view value) {
  constexpr uint64_t kMaxMicros = 86'400'000'000;
  constexpr uint64_t kMaxOffsetSeconds = 16 * 60 * 60 - 1;
  const auto bits = ValueAt<uint64_t>(reinterpret_cast<const uint8_t*>(value.data()), 0);
  return bits >> 24 <= kMaxMicros && (bits & 0xFFFFFF) <= 2 * kMaxOffsetSeconds;
}

template <typename ArrayType, typename IsGood>
arrow::Status CheckEach(const arrow::Array& array, const IsGood& is_good,
                        const char* what) {
  const auto& values = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i) && !is_good(values.GetView(i))) {
      return Lie("value ", i, " is not a valid ", what);
    }
  }
  return arrow::Status::OK();
}

template <typename IsGood>
arrow::Status CheckBinary(const arrow::Array& array, const IsGood& is_good,
                          const char* what) {
  switch (array.type_id()) {
    case Type::BINARY:
    case Type::STRING:
      return CheckEach<arrow::BinaryArray>(array, is_good, what);
    case Type::LARGE_BINARY:
    case Type::LARGE_STRING:
      return CheckEach<arrow::LargeBinaryArray>(array, is_good, what);
    case Type::BINARY_VIEW:
    case Type::STRING_VIEW:
      return CheckEach<arrow::BinaryViewArray>(array, is_good, what);
    default:
      return Lie("a ", what, " stored as ", array.type()->ToString());
  }
}

}  // namespace

arrow::Status CheckOpaque(std::string_view name, std::string_view metadata,
                          const arrow::ArrayData& data, const arrow::DataType& storage) {
  if (name != "arrow.opaque") return arrow::Status::OK();
  const auto says = [&](std::string_view word) {
    return metadata.find(word) != std::string_view::npos;
  };
  // The words below are searched for, so they must not hide behind escapes.
  if (says("\\")) return Lie("the metadata of an opaque type has an escape in it");
  if (!says("DuckDB")) return arrow::Status::OK();
  auto stored = data.Copy();
  while (stored->type->id() == Type::EXTENSION) {
    stored->type = static_cast<const arrow::ExtensionType&>(*stored->type).storage_type();
  }
  if (storage.id() == Type::DICTIONARY || storage.id() == Type::RUN_END_ENCODED) {
    return Lie("an opaque type of the database that is encoded; send its values plainly");
  }
  const auto array = arrow::MakeArray(stored);
  if (says("\"bit\"")) {
    ARROW_RETURN_NOT_OK(CheckBinary(*array, IsBitString, "bit string"));
  }
  if (says("\"bignum\"")) {
    ARROW_RETURN_NOT_OK(CheckBinary(*array, IsBigNumber, "big number"));
  }
  if (says("\"time_tz\"") && storage.id() == Type::FIXED_SIZE_BINARY &&
      storage.byte_width() == 8) {
    return CheckEach<arrow::FixedSizeBinaryArray>(*array, IsTimeWithOffset,
                                                  "time with an offset");
  }
  return arrow::Status::OK();
}

}  // namespace pintail::columnar
