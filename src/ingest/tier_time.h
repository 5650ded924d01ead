// Times by which a table's rows leave it: what a boundary is in the types that a column
// of times can have. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/status.h"

namespace pintail::ingest {

// A boundary is a whole second since 1970. This is below all of them: nothing has left.
inline constexpr int64_t kNoBoundary = std::numeric_limits<int64_t>::min();

// InvalidArgument, which lists the types, when rows cannot leave by a column of this SQL
// type. A BIGINT has nanoseconds since 1970.
arrow::Status CheckTimeType(const std::string& type);
// How many digits of a second's fraction the type has.
int FractionDigits(const std::string& type);

// The latest boundary at or before the second: a DATE has whole days only.
int64_t BoundaryAtOrBefore(const std::string& type, int64_t second);
// The boundary as DuckDB reads it, without quotes.
std::string BoundaryText(const std::string& type, int64_t boundary);
// SQL for the second that a value of the column, a quoted name, is in.
std::string SecondInSql(const std::string& type, const std::string& column);

// Whether the batch has a row whose time is below the boundary; also when nobody can tell
// from its type. The column's name is compared in lower case.
bool HasRowBelow(const arrow::RecordBatch& batch, const std::string& column,
                 int64_t boundary);

}  // namespace pintail::ingest
