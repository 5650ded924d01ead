// Rows in the columns and types of a table.
#pragma once

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "engine/connection.h"

namespace pintail::ingest {

// The batches as an INSERT BY NAME would put them into the table: values cast, missing
// columns NULL (not their defaults), in their order. By way of a temporary table of a
// connection of its own, so for a commit's rows at most. InvalidArgument names a value
// that cannot be cast.
arrow::Result<arrow::RecordBatchVector> FitToTable(
    engine::Connection& connection, const engine::TableName& table,
    const arrow::RecordBatchVector& batches);

}  // namespace pintail::ingest
