// DuckDB's vectors to Arrow arrays, a column at a time. Private to the engine; one thread
// at a time. A value that Arrow cannot hold is thrown as DuckDB's own exception, because
// writers run inside DuckDB's operators.
#pragma once

#include <cstdint>
#include <memory>

#include "arrow/array/data.h"
#include "arrow/memory_pool.h"
#include "arrow/type.h"
#include "duckdb/common/types.hpp"
#include "duckdb/common/types/vector.hpp"

namespace pintail::engine {

class ColumnWriter {
 public:
  virtual ~ColumnWriter() = default;

  // Appends the rows [from, from + count) of a vector that has `size` rows. The vector
  // may be flattened on the way.
  virtual void Append(duckdb::Vector& vector, int64_t size, int64_t from,
                      int64_t count) = 0;
  // How many of those rows, but at least one, add about `budget_bytes` of values at most.
  // Columns whose values have one width do not limit it.
  virtual int64_t RowsWithin(duckdb::Vector&, int64_t /*size*/, int64_t /*from*/,
                             int64_t count, int64_t /*budget_bytes*/) {
    return count;
  }
  // Written since the last Finish.
  virtual int64_t bytes() const = 0;
  // The array of all rows since the last Finish.
  virtual std::shared_ptr<arrow::ArrayData> Finish() = 0;
};

struct ColumnWriterOptions {
  arrow::MemoryPool* pool = nullptr;
  // Rows that a whole batch is expected to have.
  int64_t whole_rows = 0;
};

// `arrow_type` is what ResultField gave for `type`.
std::unique_ptr<ColumnWriter> MakeColumnWriter(
    const duckdb::LogicalType& type, const std::shared_ptr<arrow::DataType>& arrow_type,
    const ColumnWriterOptions& options);

// The same for lists, structs, maps, fixed-size lists and unions; null for other types.
std::unique_ptr<ColumnWriter> MakeNestedWriter(
    const duckdb::LogicalType& type, const std::shared_ptr<arrow::DataType>& arrow_type,
    const ColumnWriterOptions& options);

// The same for text and bytes, and for what is written as them; null for other types.
std::unique_ptr<ColumnWriter> MakeTextWriter(
    const duckdb::LogicalType& type, const std::shared_ptr<arrow::DataType>& arrow_type,
    const ColumnWriterOptions& options);

// Bytes of a row of the type, about, for choosing how many rows a batch has.
int64_t EstimatedRowBytes(const arrow::DataType& type);

}  // namespace pintail::engine
