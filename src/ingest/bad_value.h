// Finds the value for which the database refused a batch, for the message: DuckDB names
// neither row nor, always, column.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "engine/connection.h"

namespace pintail::ingest {

struct BadValue {
  int64_t row = 0;  // of the batches, from 0
  std::string column;
  std::string value;  // as SQL shows it, the longest ones cut
  std::string type;   // of the table's column, as SQL spells it
};

// The first value that cannot be cast to the type of the table's column of the same name;
// empty when there is none. Columns in `left_out` are not looked at. Works on a fork of
// the connection, whose own transaction may have failed, so it sees what is committed.
arrow::Result<std::optional<BadValue>> FindBadValue(
    engine::Connection& connection, const engine::TableName& table,
    const arrow::RecordBatchVector& batches, const std::set<std::string>& left_out);

}  // namespace pintail::ingest
