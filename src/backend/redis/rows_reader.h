// The rows of a table in Redis: those of some keys, or all, found by SCAN.
//
// A round trip brings as many rows as one pipeline holds, so that memory is bounded; a
// scan of everything also keeps the names it has seen, since SCAN may give one twice.
// Rows that are written meanwhile may be seen or not. Holds its connection until the last
// row. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "backend/redis/redis_channel.h"
#include "backend/redis/redis_table.h"

namespace pintail::backend {

struct RowsToRead {
  std::vector<std::shared_ptr<arrow::Field>> columns;
  // Names of rows in Redis, each once; none: all rows of the table.
  std::optional<std::vector<std::string>> row_names;
  std::optional<int64_t> limit;
};

// The first batch has been read when this returns.
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> OpenRows(
    std::shared_ptr<RedisChannel> channel, RedisTable table, RowsToRead rows);

// The names of some rows from a SCAN; its cursor is "0" at the beginning and the end.
arrow::Result<std::vector<std::string>> ScanRowNames(RedisChannel* channel,
                                                     const RedisTable& table,
                                                     std::string* cursor);

}  // namespace pintail::backend
