// Rows in and out of tests: batches from JSON, results as text. Pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/status.h"
#include "arrow/type.h"

namespace pintail::catalog::testing {

// Reads a result to its end: rows as "a|b" joined by newlines, NULL as "null"; the error
// as below when there is one.
std::string Text(arrow::RecordBatchReader& rows);
std::string Text(const arrow::Status& status);  // "kind: message" or "ok"

// A batch from JSON rows: [{"a": 1}, …].
std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                          const std::string& json_rows);
// A reader of these batches; of none when the schema is given with an empty list.
std::shared_ptr<arrow::RecordBatchReader> Reader(
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches,
    std::shared_ptr<arrow::Schema> schema = nullptr);

}  // namespace pintail::catalog::testing
