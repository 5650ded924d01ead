// The answer of EXPLAIN, whose one value is a drawing of many lines.
#pragma once

#include "arrow/record_batch.h"
#include "arrow/status.h"
#include "cli/terminal.h"

namespace pintail::cli {

// Whether rows of this schema are EXPLAIN's.
bool IsPlan(const arrow::Schema& schema);

// Writes the drawings as they are, a line a line, without a table around them.
arrow::Status WritePlan(arrow::RecordBatchReader& rows, const Terminal& terminal);

}  // namespace pintail::cli
