#include "columnar/value_check.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "arrow/util/decimal.h"
#include "columnar/array_layout.h"
#include "simdutf.h"

namespace pintail::columnar {
namespace {

using arrow::Type;

// Loops run over blocks of a fixed length so that the compiler can vectorise them; a
// block collects whether anything is wrong, and only then is the culprit looked for.
constexpr int64_t kBlock = 64;

template <typename Offset>
bool FallsWithin(const uint8_t* offsets, int64_t begin, int64_t count) {
  bool falls = false;
  for (int64_t i = begin; i < begin + count; ++i) {
    falls |= ValueAt<Offset>(offsets, i + 1) < ValueAt<Offset>(offsets, i);
  }
  return falls;
}

template <typename Offset>
bool FallsWithinBlock(const uint8_t* offsets, int64_t begin) {
  const uint8_t* from = offsets + begin * static_cast<int64_t>(sizeof(Offset));
  Offset before[kBlock + 1];
  std::memcpy(before, from, sizeof(before));
  int falls = 0;
  for (int i = 0; i < kBlock; ++i) falls |= before[i + 1] < before[i] ? 1 : 0;
  return falls != 0;
}

template <typename Offset>
arrow::Result<int64_t> CheckOffsetsOf(const arrow::ArrayData& data, int64_t limit) {
  const uint8_t* offsets = ValuesOf(data, 1, sizeof(Offset));
  const int64_t first = ValueAt<Offset>(offsets, 0);
  const int64_t last = ValueAt<Offset>(offsets, data.length);
  if (first < 0) return Lie("the first offset is ", first);
  if (last > limit) {
    return Lie("the last offset is ", last, ", past the end of the data at ", limit);
  }
  int64_t i = 0;
  for (; i + kBlock <= data.length; i += kBlock) {
    if (FallsWithinBlock<Offset>(offsets, i)) break;
  }
  if (!FallsWithin<Offset>(offsets, i, std::min(kBlock, data.length - i))) {
    return last - first;
  }
  while (ValueAt<Offset>(offsets, i + 1) >= ValueAt<Offset>(offsets, i)) ++i;
  return Lie("the offsets fall from ", ValueAt<Offset>(offsets, i), " to ",
             ValueAt<Offset>(offsets, i + 1), " at value ", i);
}

// Whether each value is UTF-8 by itself, given that all of them together are.
template <typename Offset>
bool NoValueBeginsInsideACharacter(const uint8_t* offsets, int64_t length,
                                   const char* text) {
  const int64_t end = ValueAt<Offset>(offsets, length);
  for (int64_t i = 0; i < length; ++i) {
    const int64_t at = ValueAt<Offset>(offsets, i);
    if (at < end && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) return false;
  }
  return true;
}

template <typename Offset>
arrow::Status CheckText(const arrow::ArrayData& data) {
  const uint8_t* offsets = ValuesOf(data, 1, sizeof(Offset));
  const int64_t first = ValueAt<Offset>(offsets, 0);
  const auto size = static_cast<size_t>(ValueAt<Offset>(offsets, data.length) - first);
  if (size == 0) return arrow::Status::OK();
  const char* text = reinterpret_cast<const char*>(data.buffers[2]->data());
  if (simdutf::validate_ascii(text + first, size)) return arrow::Status::OK();
  if (simdutf::validate_utf8(text + first, size) &&
      NoValueBeginsInsideACharacter<Offset>(offsets, data.length, text)) {
    return arrow::Status::OK();
  }
  // Something is wrong, but it may lie under null slots.
  for (int64_t i = 0; i < data.length; ++i) {
    const int64_t begin = ValueAt<Offset>(offsets, i);
    const auto length = static_cast<size_t>(ValueAt<Offset>(offsets, i + 1) - begin);
    if (IsValidAt(data, i) && !simdutf::validate_utf8(text + begin, length)) {
      return Lie("value ", i, " is not valid UTF-8");
    }
  }
  return arrow::Status::OK();
}

// The 16 bytes of a view, as the Arrow columnar format lays them out.
struct View {
  int32_t size;
  char prefix[4];
  int32_t buffer;
  int32_t offset;
};
static_assert(sizeof(View) == 16);
constexpr int32_t kInlineSize = 12;

// Where the text of a view is, after checks. Also null slots must not lead outside.
arrow::Result<std::string_view> Follow(const arrow::ArrayData& data, const uint8_t* at,
                                       const View& view) {
  if (view.size < 0) return Lie("a view of size ", view.size);
  if (view.size <= kInlineSize) {
    return std::string_view(reinterpret_cast<const char*>(at) + 4,
                            static_cast<size_t>(view.size));
  }
  const auto buffers = static_cast<int64_t>(data.buffers.size()) - 2;
  if (view.buffer < 0 || view.buffer >= buffers) {
    return Lie("a view into buffer ", view.buffer, " of ", buffers);
  }
  const auto& buffer = data.buffers[static_cast<size_t>(view.buffer) + 2];
  const int64_t size = buffer ? buffer->size() : 0;
  if (view.offset < 0 || int64_t{view.offset} + view.size > size) {
    return Lie("a view of ", view.size, " bytes at offset ", view.offset,
               " of a buffer of ", size);
  }
  return std::string_view(reinterpret_cast<const char*>(buffer->data()) + view.offset,
                          static_cast<size_t>(view.size));
}

arrow::Status CheckViewContents(const uint8_t* at, const View& view,
                                std::string_view text, bool is_text) {
  if (view.size <= kInlineSize) {
    for (int32_t i = view.size; i < kInlineSize; ++i) {
      if (at[4 + i] != 0) return Lie("a short view is not padded with zeros");
    }
  } else if (std::memcmp(view.prefix, text.data(), sizeof(view.prefix)) != 0) {
    return Lie("a view's prefix is not the beginning of its text");
  }
  if (is_text && !simdutf::validate_utf8(text.data(), text.size())) {
    return Lie("it is not valid UTF-8");
  }
  return arrow::Status::OK();
}

// Runs `is_bad` over all values; a bad one under a null slot does not count.
template <typename Value, typename IsBad>
arrow::Status CheckEach(const arrow::ArrayData& data, const IsBad& is_bad,
                        const char* problem) {
  if (data.length == 0) return arrow::Status::OK();
  const uint8_t* values = ValuesOf(data, 1, sizeof(Value));
  for (int64_t begin = 0; begin < data.length; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, data.length);
    bool any = false;
    for (int64_t i = begin; i < end; ++i) any |= is_bad(ValueAt<Value>(values, i));
    if (!any) continue;
    for (int64_t i = begin; i < end; ++i) {
      if (is_bad(ValueAt<Value>(values, i)) && IsValidAt(data, i)) {
        return Lie("value ", i, problem);
      }
    }
  }
  return arrow::Status::OK();
}

arrow::Status CheckTimeOfDay(const arrow::ArrayData& data, arrow::TimeUnit::type unit) {
  constexpr int64_t kSeconds = 86'400;
  constexpr const char* kProblem = " is not a time within a day";
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return CheckEach<int32_t>(
          data, [](int32_t v) { return v < 0 || v >= kSeconds; }, kProblem);
    case arrow::TimeUnit::MILLI:
      return CheckEach<int32_t>(
          data, [](int32_t v) { return v < 0 || v >= kSeconds * 1000; }, kProblem);
    case arrow::TimeUnit::MICRO:
      return CheckEach<int64_t>(
          data, [](int64_t v) { return v < 0 || v >= kSeconds * 1'000'000; }, kProblem);
    case arrow::TimeUnit::NANO:
      return CheckEach<int64_t>(
          data, [](int64_t v) { return v < 0 || v >= kSeconds * 1'000'000'000; },
          kProblem);
  }
  return Lie("an unknown unit of time");
}

template <typename Integer>
arrow::Status CheckDecimal(const arrow::ArrayData& data, int32_t precision) {
  Integer bound = 1;
  for (int32_t i = 0; i < precision; ++i) bound *= 10;
  return CheckEach<Integer>(
      data, [bound](Integer v) { return v >= bound || v <= -bound; },
      " has more digits than its decimal type");
}

arrow::Status CheckWideDecimal(const arrow::ArrayData& data, int32_t precision) {
  if (data.length == 0) return arrow::Status::OK();
  const uint8_t* values = ValuesOf(data, 1, 32);
  for (int64_t i = 0; i < data.length; ++i) {
    if (!IsValidAt(data, i)) continue;
    if (!arrow::Decimal256(values + i * 32).FitsInPrecision(precision)) {
      return Lie("value ", i, " has more digits than its decimal type");
    }
  }
  return arrow::Status::OK();
}

template <typename Index>
arrow::Status CheckIndexesOf(const arrow::ArrayData& data, int64_t limit) {
  const auto bound = static_cast<uint64_t>(limit);
  return CheckEach<Index>(
      data,
      [bound](Index v) {
        // A negative index becomes a huge one.
        return static_cast<uint64_t>(static_cast<int64_t>(v)) >= bound;
      },
      " is an index outside its dictionary");
}

template <typename Index, typename Offset>
int64_t CountIndexedBytesOf(const arrow::ArrayData& data) {
  if (data.length == 0) return 0;
  const uint8_t* indexes = ValuesOf(data, 1, sizeof(Index));
  const uint8_t* offsets = ValuesOf(*data.dictionary, 1, sizeof(Offset));
  int64_t bytes = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    if (!IsValidAt(data, i)) continue;
    const auto index = static_cast<int64_t>(ValueAt<Index>(indexes, i));
    bytes += ValueAt<Offset>(offsets, index + 1) - ValueAt<Offset>(offsets, index);
  }
  return bytes;
}

template <typename Use, typename Otherwise>
auto WithIndexType(const arrow::DataType& type, const Use& use,
                   const Otherwise& otherwise) {
  switch (type.id()) {
    case Type::INT8:
      return use(int8_t{});
    case Type::INT16:
      return use(int16_t{});
    case Type::INT32:
      return use(int32_t{});
    case Type::INT64:
      return use(int64_t{});
    case Type::UINT8:
      return use(uint8_t{});
    case Type::UINT16:
      return use(uint16_t{});
    case Type::UINT32:
      return use(uint32_t{});
    case Type::UINT64:
      return use(uint64_t{});
    default:
      return otherwise();
  }
}

}  // namespace

arrow::Result<int64_t> CheckOffsets(const arrow::ArrayData& data, int width,
                                    int64_t limit) {
  if (data.length == 0) return 0;
  return width == 4 ? CheckOffsetsOf<int32_t>(data, limit)
                    : CheckOffsetsOf<int64_t>(data, limit);
}

arrow::Result<int64_t> CheckStrings(const arrow::ArrayData& data,
                                    const arrow::DataType& type) {
  if (data.length == 0) return 0;
  const int64_t size =
      data.buffers[2] && data.buffers[2]->address() != 0 ? data.buffers[2]->size() : 0;
  const int width = arrow::is_binary_like(type.id()) ? 4 : 8;
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, CheckOffsets(data, width, size));
  if (type.id() == Type::STRING) ARROW_RETURN_NOT_OK(CheckText<int32_t>(data));
  if (type.id() == Type::LARGE_STRING) ARROW_RETURN_NOT_OK(CheckText<int64_t>(data));
  return bytes;
}

arrow::Result<int64_t> CheckViews(const arrow::ArrayData& data,
                                  const arrow::DataType& type) {
  if (data.length == 0) return 0;
  const bool is_text = type.id() == Type::STRING_VIEW;
  const uint8_t* views = ValuesOf(data, 1, sizeof(View));
  int64_t bytes = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    const uint8_t* at = views + i * static_cast<int64_t>(sizeof(View));
    const View view = ValueAt<View>(views, i);
    auto text = Follow(data, at, view);
    arrow::Status status = text.status();
    if (status.ok() && IsValidAt(data, i)) {
      status = CheckViewContents(at, view, *text, is_text);
    }
    if (!status.ok()) {
      return base::WithContext(status, "value " + std::to_string(i));
    }
    if (view.size > kInlineSize) bytes += view.size;
  }
  return bytes;
}

arrow::Status CheckRanges(const arrow::ArrayData& data, const arrow::DataType& type) {
  switch (type.id()) {
    case Type::TIME32:
    case Type::TIME64:
      return CheckTimeOfDay(data, static_cast<const arrow::TimeType&>(type).unit());
    case Type::DATE64:
      return CheckEach<int64_t>(
          data, [](int64_t v) { return v % 86'400'000 != 0; }, " is not a whole day");
    case Type::DECIMAL32:
      return CheckDecimal<int32_t>(
          data, static_cast<const arrow::DecimalType&>(type).precision());
    case Type::DECIMAL64:
      return CheckDecimal<int64_t>(
          data, static_cast<const arrow::DecimalType&>(type).precision());
    case Type::DECIMAL128:
      return CheckDecimal<__int128>(
          data, static_cast<const arrow::DecimalType&>(type).precision());
    case Type::DECIMAL256:
      return CheckWideDecimal(data,
                              static_cast<const arrow::DecimalType&>(type).precision());
    default:
      return arrow::Status::OK();
  }
}

arrow::Status CheckIndexes(const arrow::ArrayData& data, const arrow::DataType& type,
                           int64_t limit) {
  return WithIndexType(
      type, [&]<typename Index>(Index) { return CheckIndexesOf<Index>(data, limit); },
      [&] { return Lie("dictionary indexes of type ", type.ToString()); });
}

int64_t CountIndexedBytes(const arrow::ArrayData& data, const arrow::DataType& type,
                          const arrow::DataType& value_type) {
  const bool is_short = arrow::is_binary_like(value_type.id());
  return WithIndexType(
      type,
      [&]<typename Index>(Index) {
        return is_short ? CountIndexedBytesOf<Index, int32_t>(data)
                        : CountIndexedBytesOf<Index, int64_t>(data);
      },
      [] { return int64_t{0}; });
}

}  // namespace pintail::columnar
