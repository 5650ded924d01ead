// How large a Parquet file's schema is, told before Arrow builds it: Arrow does so by
// recursion without a limit, and takes seconds for some hundred thousand columns. Pure
// function, callable from any thread.
#pragma once

#include <cstdint>
#include <span>

#include "arrow/result.h"

namespace pintail::columnar {

struct ParquetSchemaSize {
  int64_t columns = 0;
  int64_t elements = 0;  // columns and all that is nested in them
  int64_t depth = 0;     // a column of numbers is of depth 2, as the root is one
};

// The size of the schema in a footer (FileMetaData of parquet.thrift in Thrift's compact
// protocol); InvalidArgument when the footer is damaged.
arrow::Result<ParquetSchemaSize> SizeOfParquetSchema(std::span<const uint8_t> footer);

}  // namespace pintail::columnar
