#include "flight/metadata_query.h"

#include <utility>

#include "arrow/array/builder_binary.h"
#include "base/error.h"

namespace pintail::flight {
namespace {

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ParameterRow(
    const std::vector<std::optional<std::string>>& parameters) {
  if (parameters.empty()) return nullptr;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& parameter : parameters) {
    arrow::StringBuilder builder;
    ARROW_RETURN_NOT_OK(parameter ? builder.Append(*parameter) : builder.AppendNull());
    ARROW_ASSIGN_OR_RAISE(auto column, builder.Finish());
    fields.push_back(arrow::field(std::to_string(fields.size() + 1), arrow::utf8()));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1,
                                  std::move(columns));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> QueryMetadata(
    Call& call, const std::string& sql,
    const std::vector<std::optional<std::string>>& parameters,
    const std::shared_ptr<arrow::Schema>& schema) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto row, ParameterRow(parameters));
  ARROW_ASSIGN_OR_RAISE(
      auto result, call.gateway().Execute(call.context(), session,
                                          {.sql = sql, .parameters = std::move(row)}));
  arrow::RecordBatchVector batches;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(result.rows->ReadNext(&batch));
    if (!batch) break;
    for (int i = 0; i < schema->num_fields(); ++i) {
      if (i < batch->num_columns() &&
          batch->column(i)->type()->Equals(schema->field(i)->type())) {
        continue;
      }
      return base::MakeError(base::ErrorKind::kInternal, "The metadata column '",
                             schema->field(i)->name(), "' has another type than ",
                             schema->field(i)->type()->ToString());
    }
    batches.push_back(
        arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns()));
  }
  return arrow::RecordBatchReader::Make(std::move(batches), schema);
}

}  // namespace pintail::flight
