#include "catalog/text_rows.h"

#include <memory>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "engine/connection.h"

namespace pintail::catalog {

arrow::Result<std::vector<TextRow>> TextRows(engine::Connection& connection,
                                             const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, connection.Run(sql, {}, {.materialize = true}));
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
