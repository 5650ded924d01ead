#include "catalog/text_rows.h"

#include <memory>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"

namespace pintail::catalog {

arrow::Result<engine::ParameterRow> TextParameters(
    const std::vector<std::string>& texts) {
  if (texts.empty()) return engine::ParameterRow{};
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const std::string& text : texts) {
    arrow::StringBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Append(text));
    ARROW_ASSIGN_OR_RAISE(auto column, builder.Finish());
    fields.push_back(arrow::field(std::to_string(fields.size() + 1), arrow::utf8()));
    columns.push_back(std::move(column));
  }
  return engine::ParameterRow{
      .batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1,
                                        std::move(columns)),
      .row = 0};
}

arrow::Result<std::vector<TextRow>> TextRows(engine::Connection& connection,
                                             const std::string& sql,
                                             const std::vector<std::string>& parameters) {
  ARROW_ASSIGN_OR_RAISE(const auto bound, TextParameters(parameters));
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        connection.Run(sql, bound, {.materialize = true}));
  std::vector<TextRow> all;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ARROW_RETURN_NOT_OK(rows->ReadNext(&batch));
    if (!batch) return all;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      TextRow& values = all.emplace_back();
      for (const auto& column : batch->columns()) {
        ARROW_ASSIGN_OR_RAISE(const auto value, column->GetScalar(row));
        values.push_back(value->is_valid ? std::optional(value->ToString())
                                         : std::nullopt);
      }
    }
  }
}

}  // namespace pintail::catalog
