#include "engine/column_writer.h"

#include <concepts>
#include <cstring>

#include "arrow/extension_type.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_generate.h"
#include "arrow/util/decimal.h"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/types/datetime.hpp"
#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/common/types/interval.hpp"
#include "duckdb/common/types/uuid.hpp"
#include "engine/buffer_writer.h"

namespace pintail::engine {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::LogicalTypeId;
using duckdb::PhysicalType;
using duckdb::UnifiedVectorFormat;
using duckdb::Vector;
using duckdb::VectorType;
using DataTypePtr = std::shared_ptr<arrow::DataType>;

// Values of one width. `Convert::Apply(Source) -> Target`; the slot of a NULL is zero, so
// that nothing of what was in the memory before leaves the server.
template <typename Convert>
class FixedWriter : public ColumnWriter {
 public:
  using Source = typename Convert::Source;
  using Target = typename Convert::Target;

  FixedWriter(DataTypePtr type, const ColumnWriterOptions& options)
      : type_(std::move(type)),
        values_(options.pool, options.whole_rows * int64_t{sizeof(Target)}),
        validity_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    auto* target = reinterpret_cast<Target*>(
        values_.Extend(count * static_cast<int64_t>(sizeof(Target))));
    if (vector.GetVectorType() == VectorType::FLAT_VECTOR) {
      AppendFlat(vector, from, count, target);
    } else {
      AppendAny(vector, size, from, count, target);
    }
  }
  int64_t bytes() const override { return values_.size(); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    int64_t length = validity_.length();
    int64_t nulls = validity_.null_count();
    auto bitmap = validity_.Finish();
    return arrow::ArrayData::Make(type_, length, {std::move(bitmap), values_.Finish()},
                                  nulls);
  }

 private:
  void AppendFlat(Vector& vector, int64_t from, int64_t count, Target* target) {
    const Source* source = reinterpret_cast<const Source*>(vector.GetData()) + from;
    const auto& mask = FlatVector::Validity(vector);
    if constexpr (std::same_as<Source, Target>) {
      std::memcpy(target, source, static_cast<size_t>(count) * sizeof(Target));
    } else {
      for (int64_t i = 0; i < count; ++i) {
        if (!Convert::kCanFail || mask.RowIsValid(static_cast<idx_t>(from + i))) {
          target[i] = Convert::Apply(source[i]);
        }
      }
    }
    int64_t nulls = validity_.null_count();
    validity_.AppendFlat(mask, from, count);
    if (validity_.null_count() == nulls) return;
    for (int64_t i = 0; i < count; ++i) {
      if (!mask.RowIsValidUnsafe(static_cast<idx_t>(from + i))) target[i] = Target{};
    }
  }

  void AppendAny(Vector& vector, int64_t size, int64_t from, int64_t count,
                 Target* target) {
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    const Source* source = reinterpret_cast<const Source*>(rows.data);
    for (int64_t i = 0; i < count; ++i) {
      idx_t row = rows.sel->get_index(static_cast<idx_t>(from + i));
      target[i] = rows.validity.RowIsValid(row) ? Convert::Apply(source[row]) : Target{};
    }
    validity_.Append(rows, from, count);
  }

  const DataTypePtr type_;
  BufferWriter values_;
  ValidityWriter validity_;
};

template <typename T>
struct Same {
  using Source = T;
  using Target = T;
  static constexpr bool kCanFail = false;
  static T Apply(T value) { return value; }
};

struct Int128 {
  uint64_t low = 0;
  int64_t high = 0;
};

template <typename T>
struct WidenToDecimal {
  using Source = T;
  using Target = Int128;
  static constexpr bool kCanFail = false;
  static Int128 Apply(T value) {
    return {static_cast<uint64_t>(int64_t{value}), value < 0 ? -1 : 0};
  }
};

struct HugeToDecimal {
  using Source = duckdb::hugeint_t;
  using Target = Int128;
  static constexpr bool kCanFail = true;
  static Int128 Apply(Source value) {
    if (!arrow::Decimal128(value.upper, value.lower).FitsInPrecision(38)) TooWide();
    return {value.lower, value.upper};
  }
  [[noreturn]] static void TooWide() {
    throw duckdb::OutOfRangeException(
        "a HUGEINT or UHUGEINT of the result has more than the 38 digits that an Arrow "
        "decimal holds; cast the column to VARCHAR or DOUBLE in the statement");
  }
};

struct PlainHuge {
  using Source = duckdb::hugeint_t;
  using Target = Int128;
  static constexpr bool kCanFail = false;
  static Int128 Apply(Source value) { return {value.lower, value.upper}; }
};

struct UnsignedHugeToDecimal {
  using Source = duckdb::uhugeint_t;
  using Target = Int128;
  static constexpr bool kCanFail = true;
  static Int128 Apply(Source value) {
    auto high = static_cast<int64_t>(value.upper);
    if (high < 0 || !arrow::Decimal128(high, value.lower).FitsInPrecision(38)) {
      HugeToDecimal::TooWide();
    }
    return {value.lower, high};
  }
};

// DuckDB keeps a UUID as a number whose order is the text's: first bit flipped.
struct UuidToBytes {
  using Source = duckdb::hugeint_t;
  using Target = Int128;
  static constexpr bool kCanFail = false;
  static Int128 Apply(Source value) {
    auto high = static_cast<uint64_t>(value.upper) ^ (uint64_t{1} << 63);
    return {arrow::bit_util::ToBigEndian(high),
            static_cast<int64_t>(arrow::bit_util::ToBigEndian(value.lower))};
  }
};

struct ToMonthDayNano {
  struct Target {
    int32_t months = 0;
    int32_t days = 0;
    int64_t nanos = 0;
  };
  using Source = duckdb::interval_t;
  static constexpr bool kCanFail = true;
  static Target Apply(Source value) {
    Target target{value.months, value.days, 0};
    if (__builtin_mul_overflow(value.micros, int64_t{1000}, &target.nanos)) {
      throw duckdb::OutOfRangeException(
          "an INTERVAL of the result has more microseconds than Arrow's nanoseconds "
          "hold; cast the column to VARCHAR in the statement");
    }
    return target;
  }
};

class BoolWriter : public ColumnWriter {
 public:
  explicit BoolWriter(const ColumnWriterOptions& options)
      : values_(options.pool, options.whole_rows / 8 + 1),
        validity_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    const bool* source = UnifiedVectorFormat::GetData<bool>(rows);
    int64_t start = validity_.length();
    int64_t bytes = arrow::bit_util::BytesForBits(start + count);
    values_.Extend(bytes - values_.size());
    int64_t i = from;
    arrow::internal::GenerateBitsUnrolled(values_.data(), start, count, [&] {
      idx_t row = rows.sel->get_index(static_cast<idx_t>(i++));
      return rows.validity.RowIsValid(row) && source[row];
    });
    validity_.Append(rows, from, count);
  }
  int64_t bytes() const override { return values_.size(); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    int64_t length = validity_.length();
    int64_t nulls = validity_.null_count();
    auto bitmap = validity_.Finish();
    return arrow::ArrayData::Make(arrow::boolean(), length,
                                  {std::move(bitmap), values_.Finish()}, nulls);
  }

 private:
  BufferWriter values_;
  ValidityWriter validity_;
};

class NullWriter : public ColumnWriter {
 public:
  void Append(Vector&, int64_t, int64_t, int64_t count) override { length_ += count; }
  int64_t bytes() const override { return 0; }
  std::shared_ptr<arrow::ArrayData> Finish() override {
    int64_t length = std::exchange(length_, 0);
    return arrow::ArrayData::Make(arrow::null(), length, {nullptr}, length);
  }

 private:
  int64_t length_ = 0;
};

std::unique_ptr<ColumnWriter> MakeDecimalWriter(const duckdb::LogicalType& type,
                                                const DataTypePtr& arrow_type,
                                                const ColumnWriterOptions& options) {
  switch (type.InternalType()) {
    case PhysicalType::INT16:
      return std::make_unique<FixedWriter<WidenToDecimal<int16_t>>>(arrow_type, options);
    case PhysicalType::INT32:
      return std::make_unique<FixedWriter<WidenToDecimal<int32_t>>>(arrow_type, options);
    case PhysicalType::INT64:
      return std::make_unique<FixedWriter<WidenToDecimal<int64_t>>>(arrow_type, options);
    default:
      return std::make_unique<FixedWriter<PlainHuge>>(arrow_type, options);
  }
}

// What Arrow keeps as DuckDB does: only the width matters.
std::unique_ptr<ColumnWriter> MakePlainWriter(PhysicalType physical,
                                              const DataTypePtr& arrow_type,
                                              const ColumnWriterOptions& options) {
  switch (duckdb::GetTypeIdSize(physical)) {
    case 1:
      return std::make_unique<FixedWriter<Same<uint8_t>>>(arrow_type, options);
    case 2:
      return std::make_unique<FixedWriter<Same<uint16_t>>>(arrow_type, options);
    case 4:
      return std::make_unique<FixedWriter<Same<uint32_t>>>(arrow_type, options);
    default:
      return std::make_unique<FixedWriter<Same<uint64_t>>>(arrow_type, options);
  }
}

}  // namespace

std::unique_ptr<ColumnWriter> MakeColumnWriter(const duckdb::LogicalType& type,
                                               const DataTypePtr& arrow_type,
                                               const ColumnWriterOptions& options) {
  if (auto writer = MakeTextWriter(type, arrow_type, options)) return writer;
  if (auto writer = MakeNestedWriter(type, arrow_type, options)) return writer;
  switch (type.id()) {
    case LogicalTypeId::SQLNULL:
      return std::make_unique<NullWriter>();
    case LogicalTypeId::BOOLEAN:
      return std::make_unique<BoolWriter>(options);
    case LogicalTypeId::HUGEINT:
      return std::make_unique<FixedWriter<HugeToDecimal>>(arrow_type, options);
    case LogicalTypeId::UHUGEINT:
      return std::make_unique<FixedWriter<UnsignedHugeToDecimal>>(arrow_type, options);
    case LogicalTypeId::DECIMAL:
      return MakeDecimalWriter(type, arrow_type, options);
    case LogicalTypeId::UUID:
      return std::make_unique<FixedWriter<UuidToBytes>>(arrow_type, options);
    case LogicalTypeId::INTERVAL:
      return std::make_unique<FixedWriter<ToMonthDayNano>>(arrow_type, options);
    default:
      return MakePlainWriter(type.InternalType(), arrow_type, options);
  }
}

int64_t EstimatedRowBytes(const arrow::DataType& type) {
  constexpr int64_t kTextBytes = 20;  // four of the offset and a short word
  if (type.id() == arrow::Type::EXTENSION) {
    return EstimatedRowBytes(
        *static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  if (type.num_fields() > 0) {
    int64_t bytes = 4;
    for (const auto& field : type.fields()) bytes += EstimatedRowBytes(*field->type());
    if (type.id() == arrow::Type::FIXED_SIZE_LIST) {
      bytes *= static_cast<const arrow::FixedSizeListType&>(type).list_size();
    }
    return bytes;
  }
  int width = type.bit_width();
  return width < 0 ? kTextBytes : (width + 7) / 8;
}

}  // namespace pintail::engine
