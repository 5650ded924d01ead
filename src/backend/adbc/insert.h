// Rows into a table of a source: by the driver's bulk ingest where it has one and the
// types allow it, else by a statement with parameters. One thread at a time for a
// channel.
#pragma once

#include <cstdint>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "backend/adbc/channel.h"
#include "engine/source.h"

namespace pintail::backend {

// Appends the rows, all or none of them. The number of rows. An error of `rows` itself is
// returned as it is.
arrow::Result<int64_t> InsertRows(const std::shared_ptr<Channel>& channel,
                                  const engine::SourceTableName& table,
                                  std::shared_ptr<arrow::RecordBatchReader> rows);

}  // namespace pintail::backend
