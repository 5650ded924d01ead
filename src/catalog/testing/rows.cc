#include "catalog/testing/rows.h"

#include <utility>

#include "arrow/array.h"
#include "arrow/array/array_nested.h"
#include "arrow/json/from_string.h"
#include "arrow/scalar.h"
#include "base/error.h"

namespace pintail::catalog::testing {

std::string Text(arrow::RecordBatchReader& rows) {
  std::string text;
  while (true) {
    const auto batch = rows.Next();
    if (!batch.ok()) return Text(batch.status());
    if (!*batch) return text;
    for (int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      if (!text.empty()) text += "\n";
      for (int column = 0; column < (*batch)->num_columns(); ++column) {
        if (column > 0) text += "|";
        text += (*batch)->column(column)->GetScalar(row).ValueOrDie()->ToString();
      }
    }
  }
}

std::string Text(const arrow::Status& status) {
  if (status.ok()) return "ok";
  return std::string(base::ErrorKindName(base::KindOf(status))) + ": " + status.message();
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                          const std::string& json_rows) {
  const auto rows =
      arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json_rows)
          .ValueOrDie();
  return arrow::RecordBatch::FromStructArray(rows).ValueOrDie()->ReplaceSchemaMetadata(
      nullptr);
}

std::shared_ptr<arrow::RecordBatchReader> Reader(
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches,
    std::shared_ptr<arrow::Schema> schema) {
  return arrow::RecordBatchReader::Make(std::move(batches), std::move(schema))
      .ValueOrDie();
}

}  // namespace pintail::catalog::testing
