// Arrow batches into a table. Private to the engine; one thread at a time.
#pragma once

#include <cstdint>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "engine/names.h"

namespace pintail::engine {

// As Connection::Insert. The reader is pulled by the calling thread and never by one of
// DuckDB's, so that a slow producer holds up nobody else.
arrow::Result<int64_t> InsertBatches(duckdb::ClientContext& context,
                                     const TableName& table,
                                     arrow::RecordBatchReader& batches);

}  // namespace pintail::engine
