// Lists, fixed-size lists, structs, maps and unions: a writer of their own over the
// writers of what they hold. And GEOMETRY, which is bytes of another format inside.

#include <utility>
#include <vector>

#include "duckdb/common/exception.hpp"
#include "duckdb/common/types/geometry.hpp"
#include "engine/buffer_writer.h"
#include "engine/column_writer.h"

namespace pintail::engine {
namespace {

using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::UnifiedVectorFormat;
using duckdb::Vector;
using DataTypePtr = std::shared_ptr<arrow::DataType>;

// LIST, and MAP, which is a list of structs.
class ListWriter : public ColumnWriter {
 public:
  ListWriter(DataTypePtr type, std::unique_ptr<ColumnWriter> items,
             const ColumnWriterOptions& options)
      : type_(std::move(type)),
        items_(std::move(items)),
        offsets_(options.pool, (options.whole_rows + 1) * int64_t{sizeof(int32_t)}),
        validity_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    if (offsets_.size() == 0) {
      *reinterpret_cast<int32_t*>(offsets_.Extend(sizeof(int32_t))) = 0;
    }
    auto* offsets = reinterpret_cast<int32_t*>(
        offsets_.Extend(count * static_cast<int64_t>(sizeof(int32_t))));
    WriteOffsets(rows, from, count, offsets);
    AppendItems(vector, rows, from, count);
    validity_.Append(rows, from, count);
  }

  int64_t RowsWithin(Vector& vector, int64_t size, int64_t from, int64_t count,
                     int64_t budget_bytes) override {
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    const auto* entries = UnifiedVectorFormat::GetData<duckdb::list_entry_t>(rows);
    int64_t bytes = 0;
    for (int64_t i = 0; i < count; ++i) {
      idx_t row = rows.sel->get_index(static_cast<idx_t>(from + i));
      if (!rows.validity.RowIsValid(row)) continue;
      bytes += static_cast<int64_t>(entries[row].length) *
               EstimatedRowBytes(*type_->field(0)->type());
      if (bytes > budget_bytes) return std::max<int64_t>(i, 1);
    }
    return count;
  }

  int64_t bytes() const override { return offsets_.size() + items_->bytes(); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    if (offsets_.size() == 0) {
      *reinterpret_cast<int32_t*>(offsets_.Extend(sizeof(int32_t))) = 0;
    }
    int64_t length = validity_.length();
    int64_t nulls = validity_.null_count();
    auto bitmap = validity_.Finish();
    end_ = 0;
    return arrow::ArrayData::Make(type_, length, {std::move(bitmap), offsets_.Finish()},
                                  {items_->Finish()}, nulls);
  }

 private:
  void WriteOffsets(const UnifiedVectorFormat& rows, int64_t from, int64_t count,
                    int32_t* offsets) {
    const auto* entries = UnifiedVectorFormat::GetData<duckdb::list_entry_t>(rows);
    for (int64_t i = 0; i < count; ++i) {
      idx_t row = rows.sel->get_index(static_cast<idx_t>(from + i));
      if (rows.validity.RowIsValid(row)) {
        end_ += static_cast<int64_t>(entries[row].length);
      }
      if (end_ > INT32_MAX) {
        throw duckdb::OutOfRangeException(
            "a list of the result has more items than Arrow's 32 bits count; unnest it "
            "in the statement");
      }
      offsets[i] = static_cast<int32_t>(end_);
    }
  }

  // Lists that follow each other in the vector, as they mostly do, are copied in one go.
  void AppendItems(Vector& vector, const UnifiedVectorFormat& rows, int64_t from,
                   int64_t count) {
    const auto* entries = UnifiedVectorFormat::GetData<duckdb::list_entry_t>(rows);
    auto& items = duckdb::ListVector::GetEntry(vector);
    auto item_count = static_cast<int64_t>(duckdb::ListVector::GetListSize(vector));
    int64_t run_start = 0;
    int64_t run_end = 0;
    for (int64_t i = 0; i < count; ++i) {
      idx_t row = rows.sel->get_index(static_cast<idx_t>(from + i));
      if (!rows.validity.RowIsValid(row) || entries[row].length == 0) continue;
      auto start = static_cast<int64_t>(entries[row].offset);
      if (start != run_end) {
        if (run_end > run_start) {
          items_->Append(items, item_count, run_start, run_end - run_start);
        }
        run_start = start;
      }
      run_end = start + static_cast<int64_t>(entries[row].length);
    }
    if (run_end > run_start) {
      items_->Append(items, item_count, run_start, run_end - run_start);
    }
  }

  const DataTypePtr type_;
  const std::unique_ptr<ColumnWriter> items_;
  BufferWriter offsets_;
  ValidityWriter validity_;
  int64_t end_ = 0;
};

class FixedListWriter : public ColumnWriter {
 public:
  FixedListWriter(DataTypePtr type, int64_t list_size,
                  std::unique_ptr<ColumnWriter> items, const ColumnWriterOptions& options)
      : type_(std::move(type)),
        list_size_(list_size),
        items_(std::move(items)),
        validity_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    vector.Flatten(static_cast<idx_t>(size));
    auto& items = duckdb::ArrayVector::GetEntry(vector);
    items_->Append(items, size * list_size_, from * list_size_, count * list_size_);
    validity_.AppendFlat(duckdb::FlatVector::Validity(vector), from, count);
  }
  int64_t bytes() const override { return items_->bytes(); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    int64_t length = validity_.length();
    int64_t nulls = validity_.null_count();
    auto bitmap = validity_.Finish();
    return arrow::ArrayData::Make(type_, length, {std::move(bitmap)}, {items_->Finish()},
                                  nulls);
  }

 private:
  const DataTypePtr type_;
  const int64_t list_size_;
  const std::unique_ptr<ColumnWriter> items_;
  ValidityWriter validity_;
};

using Writers = std::vector<std::unique_ptr<ColumnWriter>>;

int64_t SumOfBytes(const Writers& writers) {
  int64_t bytes = 0;
  for (const auto& writer : writers) bytes += writer->bytes();
  return bytes;
}

arrow::ArrayDataVector FinishAll(Writers& writers) {
  arrow::ArrayDataVector arrays;
  for (auto& writer : writers) arrays.push_back(writer->Finish());
  return arrays;
}

class StructWriter : public ColumnWriter {
 public:
  StructWriter(DataTypePtr type, Writers fields, const ColumnWriterOptions& options)
      : type_(std::move(type)),
        fields_(std::move(fields)),
        validity_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    UnifiedVectorFormat rows;
    vector.ToUnifiedFormat(static_cast<idx_t>(size), rows);
    auto& children = duckdb::StructVector::GetEntries(vector);
    for (size_t i = 0; i < fields_.size(); ++i) {
      fields_[i]->Append(*children[i], size, from, count);
    }
    validity_.Append(rows, from, count);
  }
  int64_t bytes() const override { return SumOfBytes(fields_); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    int64_t length = validity_.length();
    int64_t nulls = validity_.null_count();
    auto bitmap = validity_.Finish();
    return arrow::ArrayData::Make(type_, length, {std::move(bitmap)}, FinishAll(fields_),
                                  nulls);
  }

 private:
  const DataTypePtr type_;
  Writers fields_;
  ValidityWriter validity_;
};

// DuckDB's union is a struct of a tag and the members. A NULL becomes the first member's.
class UnionWriter : public ColumnWriter {
 public:
  UnionWriter(DataTypePtr type, Writers members, const ColumnWriterOptions& options)
      : type_(std::move(type)),
        members_(std::move(members)),
        codes_(options.pool, options.whole_rows) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    auto& children = duckdb::StructVector::GetEntries(vector);
    UnifiedVectorFormat tags;
    children[0]->ToUnifiedFormat(static_cast<idx_t>(size), tags);
    const auto* source = UnifiedVectorFormat::GetData<uint8_t>(tags);
    uint8_t* codes = codes_.Extend(count);
    for (int64_t i = 0; i < count; ++i) {
      idx_t row = tags.sel->get_index(static_cast<idx_t>(from + i));
      codes[i] = tags.validity.RowIsValid(row) ? source[row] : uint8_t{0};
    }
    for (size_t i = 0; i < members_.size(); ++i) {
      members_[i]->Append(*children[i + 1], size, from, count);
    }
  }
  int64_t bytes() const override { return codes_.size() + SumOfBytes(members_); }

  std::shared_ptr<arrow::ArrayData> Finish() override {
    int64_t length = codes_.size();
    return arrow::ArrayData::Make(type_, length, {nullptr, codes_.Finish()},
                                  FinishAll(members_), /*null_count=*/0);
  }

 private:
  const DataTypePtr type_;
  Writers members_;
  BufferWriter codes_;
};

// As well-known binary.
class GeometryWriter : public ColumnWriter {
 public:
  explicit GeometryWriter(const ColumnWriterOptions& options)
      : bytes_(MakeTextWriter(LogicalType::BLOB, arrow::binary(), options)) {}

  void Append(Vector& vector, int64_t size, int64_t from, int64_t count) override {
    Vector binary(LogicalType::BLOB, static_cast<idx_t>(size));
    duckdb::Geometry::ToBinary(vector, binary, static_cast<idx_t>(size));
    bytes_->Append(binary, size, from, count);
  }
  int64_t bytes() const override { return bytes_->bytes(); }
  std::shared_ptr<arrow::ArrayData> Finish() override { return bytes_->Finish(); }

 private:
  const std::unique_ptr<ColumnWriter> bytes_;
};

std::unique_ptr<ColumnWriter> MakeListWriter(const LogicalType& item,
                                             const DataTypePtr& arrow_type,
                                             const ColumnWriterOptions& options) {
  auto items = MakeColumnWriter(item, arrow_type->field(0)->type(), options);
  return std::make_unique<ListWriter>(arrow_type, std::move(items), options);
}

}  // namespace

std::unique_ptr<ColumnWriter> MakeNestedWriter(const LogicalType& type,
                                               const DataTypePtr& arrow_type,
                                               const ColumnWriterOptions& options) {
  Writers children;
  switch (type.id()) {
    case LogicalTypeId::LIST:
    case LogicalTypeId::MAP:
      return MakeListWriter(duckdb::ListType::GetChildType(type), arrow_type, options);
    case LogicalTypeId::ARRAY: {
      auto list_size = static_cast<int64_t>(duckdb::ArrayType::GetSize(type));
      ColumnWriterOptions item_options = options;
      item_options.whole_rows *= list_size;
      auto items = MakeColumnWriter(duckdb::ArrayType::GetChildType(type),
                                    arrow_type->field(0)->type(), item_options);
      return std::make_unique<FixedListWriter>(arrow_type, list_size, std::move(items),
                                               options);
    }
    case LogicalTypeId::STRUCT: {
      int i = 0;
      for (const auto& [name, child] : duckdb::StructType::GetChildTypes(type)) {
        children.push_back(
            MakeColumnWriter(child, arrow_type->field(i++)->type(), options));
      }
      return std::make_unique<StructWriter>(arrow_type, std::move(children), options);
    }
    case LogicalTypeId::UNION: {
      int i = 0;
      for (const auto& [name, child] : duckdb::UnionType::CopyMemberTypes(type)) {
        children.push_back(
            MakeColumnWriter(child, arrow_type->field(i++)->type(), options));
      }
      return std::make_unique<UnionWriter>(arrow_type, std::move(children), options);
    }
    case LogicalTypeId::GEOMETRY:
      return std::make_unique<GeometryWriter>(options);
    default:
      return nullptr;
  }
}

}  // namespace pintail::engine
