// Text and bytes, and values of an ENUM as their text.

#include <cstring>
#include <limits>
#include <type_traits>

#include "duckdb/common/exception.hpp"
#include "duckdb/common/extension_type_info.hpp"
#include "duckdb/common/types/string_type.hpp"
#include "engine/buffer_writer.h"
#include "engine/column_writer.h"

namespace pintail::engine {
namespace {

using duckdb::idx_t;
using duckdb::LogicalTypeId;
using duckdb::string_t;
using duckdb::UnifiedVectorFormat;
using duckdb::Vector;

constexpr int64_t kInlineBytes = string_t::INLINE_LENGTH;
constexpr int64_t kMaxBytes = std::numeric_limits<int32_t>::max();

struct OwnText {
  string_t operator()(const UnifiedVectorFormat& rows, idx_t row) const {
    return UnifiedVectorFormat::GetData<string_t>(rows)[row];
  }
};

// The type keeps the vector of its values alive.
template <typename Index>
struct EnumText {
  duckdb::LogicalType type;
  const string_t* values =
      duckdb::FlatVector::GetData<string_t>(duckdb::EnumType::GetValuesInsertOrder(type));

  string_t operator()(const UnifiedVectorFormat& rows, idx_t row) const {
    return values[UnifiedVectorFormat::GetData<Index>(rows)[row]];
  }
};

// The values of a vector, told apart by how they are found: `Texts::Get(i)` for row i.
// Rows of a plain vector without NULLs, which is what a scan gives mostly, need no
// look-up.
struct PlainTexts {
  const string_t* values;
  const string_t& Get(int64_t i) const { return values[i]; }
  bool IsNull(int64_t) const { return false; }
};

template <typename Lookup>
struct AnyTexts {
  const UnifiedVectorFormat& rows;
  const Lookup& lookup;
  string_t Get(int64_t i) const {
    return lookup(rows, rows.sel->get_index(static_cast<idx_t>(i)));
  }
  bool IsNull(int64_t i) const {
    return !rows.validity.RowIsValid(rows.sel->get_index(static_cast<idx_t>(i)));
  }
};

template <typename Texts>
int64_t BytesOf(const Texts& texts, int64_t i) {
  if (texts.IsNull(i)) return 0;
  return static_cast<int64_t>(texts.Get(i).GetSize());
}

// `Lookup(row of the vector's data) -> string_t`.
template <typename Lookup>
class TextWriter : public ColumnWriter {
 public:
  TextWriter(Lookup lookup, std::shared_ptr<arrow::DataType> type,
             const ColumnWriterOptions& options)
      : lookup_(std::move(lookup)),
        type_(std::move(type)),
        offsets_(options.pool, (options.whole_rows + 1) * int64_t{sizeof(int32_t)}),
        values_(options.pool, options.whole_rows * int64_t{16}),
        validity_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    if (count == 0) return;
    if (offsets_.size() == 0) {
      *reinterpret_cast<int32_t*>(offsets_.Extend(sizeof(int32_t))) = 0;
    }
    Visit(vector, size, [&](const auto& texts) { Write(texts, from, count); });
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    validity_.Append(rows, from, count);
  }

  int64_t RowsWithin(Vector& vector, int64_t size, int64_t from, int64_t count,
                     int64_t budget_bytes) override {
    int64_t fitting = count;
    Visit(vector, size, [&](const auto& texts) {
      int64_t bytes = 0;
      for (int64_t i = 0; i < count; ++i) bytes += BytesOf(texts, from + i);
      while (fitting > 1 && bytes > budget_bytes) {
        bytes -= BytesOf(texts, from + --fitting);
      }
    });
    return fitting;
  }

  int64_t bytes() const override { return offsets_.size() + values_.size(); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    if (offsets_.size() == 0) {
      *reinterpret_cast<int32_t*>(offsets_.Extend(sizeof(int32_t))) = 0;
    }
    int64_t length = validity_.length();
    int64_t nulls = validity_.null_count();
    auto bitmap = validity_.Finish();
    return arrow::ArrayData::Make(
        type_, length, {std::move(bitmap), offsets_.Finish(), values_.Finish()}, nulls);
  }

 private:
  template <typename Visitor>
  void Visit(Vector& vector, int64_t size, Visitor visitor) const {
    if constexpr (std::is_same_v<Lookup, OwnText>) {
      if (vector.GetVectorType() == duckdb::VectorType::FLAT_VECTOR &&
          duckdb::FlatVector::Validity(vector).AllValid()) {
        return visitor(PlainTexts{reinterpret_cast<const string_t*>(vector.GetData())});
      }
    }
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    visitor(AnyTexts<Lookup>{rows, lookup_});
  }

  template <typename Texts>
  void Write(const Texts& texts, int64_t from, int64_t count) {
    auto* offsets = reinterpret_cast<int32_t*>(
        offsets_.Extend(count * static_cast<int64_t>(sizeof(int32_t))));
    int64_t end = values_.size();
    for (int64_t i = 0; i < count; ++i) {
      end += BytesOf(texts, from + i);
      offsets[i] = static_cast<int32_t>(end);
    }
    if (end > kMaxBytes) {
      throw duckdb::OutOfRangeException(
          "a value of the result has more than 2 GiB, which an Arrow column of text or "
          "bytes does not hold; take less of it in the statement, for example with "
          "substring");
    }
    const int64_t added = end - values_.size();
    // Short values are copied with their padding, so the end needs room for it.
    uint8_t* target = values_.Room(added + kInlineBytes);
    for (int64_t i = 0; i < count; ++i) {
      if (texts.IsNull(from + i)) continue;
      const string_t& text = texts.Get(from + i);
      const size_t length = text.GetSize();
      if (text.IsInlined()) {
        std::memcpy(target, reinterpret_cast<const char*>(&text) + sizeof(uint32_t),
                    kInlineBytes);
      } else {
        std::memcpy(target, text.GetData(), length);
      }
      target += length;
    }
    values_.Advance(added);
  }

  const Lookup lookup_;
  const std::shared_ptr<arrow::DataType> type_;
  BufferWriter offsets_;
  BufferWriter values_;
  ValidityWriter validity_;
};

template <typename Lookup>
std::unique_ptr<ColumnWriter> Make(Lookup lookup,
                                   const std::shared_ptr<arrow::DataType>& type,
                                   const ColumnWriterOptions& options) {
  return std::make_unique<TextWriter<Lookup>>(std::move(lookup), type, options);
}

}  // namespace

std::unique_ptr<ColumnWriter> MakeTextWriter(
    const duckdb::LogicalType& type, const std::shared_ptr<arrow::DataType>& arrow_type,
    const ColumnWriterOptions& options) {
  switch (type.id()) {
    case LogicalTypeId::VARCHAR:
    case LogicalTypeId::BLOB:
    case LogicalTypeId::BIT:
    case LogicalTypeId::BIGNUM:
      return Make(OwnText{}, arrow_type, options);
    case LogicalTypeId::ENUM:
      switch (type.InternalType()) {
        case duckdb::PhysicalType::UINT8:
          return Make(EnumText<uint8_t>{.type = type}, arrow_type, options);
        case duckdb::PhysicalType::UINT16:
          return Make(EnumText<uint16_t>{.type = type}, arrow_type, options);
        default:
          return Make(EnumText<uint32_t>{.type = type}, arrow_type, options);
      }
    default:
      return nullptr;
  }
}

}  // namespace pintail::engine
