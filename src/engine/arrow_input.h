// Arrow data as DuckDB reads it. Private to the engine.
//
// DuckDB takes most of Arrow as it is. What it does not take is brought to what it does
// when no value changes by that (half floats, intervals of days and milliseconds,
// decimals of 256 bits with at most 38 digits), and refused by name when not. Pure
// functions, callable from any thread.
#pragma once

#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/function/table/arrow.hpp"
#include "duckdb/main/client_context.hpp"

namespace pintail::engine {

// The schema in types that DuckDB reads. InvalidArgument names a column that has none, or
// two columns of one name.
arrow::Result<std::shared_ptr<arrow::Schema>> StorableSchema(const arrow::Schema& schema);

// The batch in the schema that StorableSchema gave for its own. InvalidArgument names a
// column and a row whose value DuckDB would have to round or cannot hold.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> StorableBatch(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& storable);

// A batch of a storable schema as DuckDB takes it; it keeps the batch alive. Throws
// DuckDB's exceptions.
duckdb::shared_ptr<duckdb::ArrowArrayWrapper> ExportForDuckDb(
    const arrow::RecordBatch& batch);

// How DuckDB reads batches of one storable schema. Callable from any thread.
class ArrowInput {
 public:
  // InvalidArgument when DuckDB does not know a type after all. Runs in the context's
  // transaction, which must have begun.
  static arrow::Result<std::unique_ptr<ArrowInput>> Make(duckdb::ClientContext& context,
                                                         const arrow::Schema& storable);

  const duckdb::vector<duckdb::LogicalType>& types() const { return types_; }

  // All rows of the batch (at most as many as the chunk has room for) into the chunk,
  // which then may refer to the batch's memory and keeps it alive. Throws DuckDB's
  // exceptions.
  void Read(duckdb::ClientContext& context, const arrow::RecordBatch& batch,
            duckdb::DataChunk& chunk) const;

  // `rows` rows of one column from row `from` on. The state must be of this column and
  // hold the batch; it is used for the rows of one batch only.
  void ReadColumn(duckdb::ArrowArrayWrapper& batch, duckdb::idx_t column,
                  duckdb::idx_t from, duckdb::ArrowArrayScanState& state,
                  duckdb::Vector& vector, duckdb::idx_t rows) const;

 private:
  duckdb::ArrowTableSchema columns_;
  duckdb::vector<duckdb::LogicalType> types_;
};

}  // namespace pintail::engine
