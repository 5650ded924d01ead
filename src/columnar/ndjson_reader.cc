// NDJSON: an object a line. Types are those of the table that it is read for, or inferred
// from the first block of lines.
#include <string>
#include <string_view>
#include <utility>

#include "arrow/json/options.h"
#include "arrow/json/reader.h"
#include "arrow/type.h"
#include "columnar/array_layout.h"
#include "columnar/format_readers.h"
#include "columnar/json_shape.h"
#include "columnar/line_blocks.h"
#include "columnar/ndjson_fault.h"
#include "columnar/target_column.h"

namespace pintail::columnar {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

arrow::Result<int64_t> LastNewline(const std::shared_ptr<arrow::Buffer>& text) {
  const size_t at = static_cast<std::string_view>(*text).rfind('\n');
  return at == std::string_view::npos ? 0 : static_cast<int64_t>(at) + 1;
}

// The type with `from` exchanged for `to` wherever it is nested.
TypePtr Exchanged(const TypePtr& type, arrow::Type::type from, const TypePtr& to) {
  if (type->id() == from) return to;
  arrow::FieldVector fields = type->fields();
  for (auto& field : fields) {
    field = field->WithType(Exchanged(field->type(), from, to));
  }
  if (type->id() == arrow::Type::LIST) return arrow::list(fields[0]);
  if (type->id() == arrow::Type::STRUCT) return arrow::struct_(std::move(fields));
  return type;
}

class NdjsonBatches final : public arrow::RecordBatchReader {
 public:
  static ReaderResult Open(std::shared_ptr<arrow::io::InputStream> input,
                           const BatchReaderOptions& options) {
    auto reader = std::make_shared<NdjsonBatches>(std::move(input), options);
    ARROW_RETURN_NOT_OK(reader->ReadFirstBlock());
    return reader;
  }

  NdjsonBatches(std::shared_ptr<arrow::io::InputStream> input,
                const BatchReaderOptions& options)
      : options_(options), blocks_(std::move(input), LastNewline) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    *out = nullptr;
    if (batch_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(auto block, NextBlock());
      if (block == nullptr) return arrow::Status::OK();
      ARROW_RETURN_NOT_OK(Scan(*block).status());
      auto batch = Parse(block, schema_);
      if (!batch.ok()) return Explain(batch.status(), block);
      StartBatch(*std::move(batch));
    }
    *out = batch_->Slice(next_row_, options_.batch_rows);
    next_row_ += (*out)->num_rows();
    if (next_row_ >= batch_->num_rows()) batch_ = nullptr;
    return arrow::Status::OK();
  }

 private:
  // The next block that is not blank: the parser takes no empty text.
  arrow::Result<std::shared_ptr<arrow::Buffer>> NextBlock() {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto block, blocks_.Next());
      if (block == nullptr) return nullptr;
      const auto text = static_cast<std::string_view>(*block);
      if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) return block;
    }
  }

  arrow::Result<JsonShape> Scan(const arrow::Buffer& block) const {
    return ScanJsonLines(static_cast<std::string_view>(block),
                         options_.limits.max_nesting, options_.limits.max_fields);
  }

  using Unexpected = arrow::json::UnexpectedFieldBehavior;

  static arrow::Result<std::shared_ptr<arrow::RecordBatch>> Parse(
      const std::shared_ptr<arrow::Buffer>& block,
      const std::shared_ptr<arrow::Schema>& schema,
      Unexpected unexpected = Unexpected::Error) {
    auto options = arrow::json::ParseOptions::Defaults();
    options.explicit_schema = schema;
    options.unexpected_field_behavior = unexpected;
    return arrow::json::ParseOne(options, block);
  }

  // What nothing can be inferred from, because a member is now this and now that, may
  // still be text of the target's types.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Infer(
      const std::shared_ptr<arrow::Buffer>& block) {
    auto inferred = Parse(block, nullptr, Unexpected::InferType);
    if (inferred.ok() || !options_.target) return inferred;
    arrow::FieldVector fields;
    for (const auto& column : options_.target->fields()) {
      // The table's other columns are to have their defaults, not nulls.
      const std::string member = '"' + column->name() + '"';
      if (!static_cast<std::string_view>(*block).contains(member)) continue;
      fields.push_back(NdjsonField(arrow::field(column->name(), arrow::null()), *column));
    }
    schema_ = arrow::schema(std::move(fields));
    auto given = Parse(block, schema_, Unexpected::InferType);
    if (!given.ok()) return Explain(inferred.status(), block);
    return given;
  }

  arrow::Status ReadFirstBlock() {
    ARROW_ASSIGN_OR_RAISE(auto block, NextBlock());
    if (block == nullptr)
      return Lie("the NDJSON text is empty; it needs an object a line");
    ARROW_ASSIGN_OR_RAISE(const JsonShape shape, Scan(*block));
    ARROW_ASSIGN_OR_RAISE(auto batch, Infer(block));
    const auto inferred = batch->schema();
    schema_ = WithoutNullTypes(*inferred);
    if (shape.has_long_integers) KeepLongIntegers(block);
    TakeGivenColumns(*inferred);
    if (!schema_->Equals(*inferred, /*check_metadata=*/false)) {
      auto given = Parse(block, schema_);
      if (!given.ok()) return Explain(given.status(), block);
      batch = *std::move(given);
    }
    StartBatch(std::move(batch));
    return arrow::Status::OK();
  }

  void TakeGivenColumns(const arrow::Schema& inferred) {
    arrow::FieldVector fields = schema_->fields();
    for (auto& field : fields) {
      const auto column = target_.Find(field->name());
      if (!column) continue;
      field = NdjsonField(inferred.GetFieldByName(field->name()), *column);
    }
    schema_ = arrow::schema(std::move(fields));
  }

  arrow::Status Explain(const arrow::Status& status,
                        const std::shared_ptr<arrow::Buffer>& block) const {
    if (const auto fault = FindNdjsonFault(block, *schema_)) {
      const auto column = target_.Find(fault->column);
      if (column) {
        return Lie("row ", rows_ + fault->row, ", column \"", column->name(),
                   "\" of the table, which is ", TypeNameOf(*column), ": ", fault->value,
                   " is no such value");
      }
    }
    if (rows_ == 0) return status;
    return Lie("the NDJSON text after row ", rows_, " does not fit the columns and ",
               "types inferred from the first rows: ", status.message());
  }

  // A field that is null as far as was seen becomes text.
  static std::shared_ptr<arrow::Schema> WithoutNullTypes(const arrow::Schema& schema) {
    arrow::FieldVector fields = schema.fields();
    for (auto& field : fields) {
      field = field->WithType(Exchanged(field->type(), arrow::Type::NA, arrow::utf8()));
    }
    return arrow::schema(std::move(fields));
  }

  // Integers above the range of int64 are inferred as doubles, which lose digits: where
  // all of a column's numbers are such integers, it is read as uint64.
  void KeepLongIntegers(const std::shared_ptr<arrow::Buffer>& block) {
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const auto& field = schema_->field(i);
      const TypePtr type = Exchanged(field->type(), arrow::Type::DOUBLE, arrow::uint64());
      if (type->Equals(*field->type())) continue;
      auto candidate = schema_->SetField(i, field->WithType(type));
      if (candidate.ok() && Parse(block, *candidate).ok()) schema_ = *candidate;
    }
  }

  void StartBatch(std::shared_ptr<arrow::RecordBatch> batch) {
    rows_ += batch->num_rows();
    next_row_ = 0;
    batch_ = arrow::RecordBatch::Make(schema_, batch->num_rows(), batch->columns());
  }

  const BatchReaderOptions options_;
  const TargetColumns target_{options_.target.get()};
  LineBlocks blocks_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t rows_ = 0;
  std::shared_ptr<arrow::RecordBatch> batch_;  // null when a block has to be read
  int64_t next_row_ = 0;
};

}  // namespace

ReaderResult OpenNdjson(std::shared_ptr<arrow::io::InputStream> input,
                        const BatchReaderOptions& options) {
  return NdjsonBatches::Open(std::move(input), options);
}

}  // namespace pintail::columnar
