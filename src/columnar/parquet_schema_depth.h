// How deep a Parquet file's schema is nested, told before Arrow builds it: Arrow does so
// by recursion without a limit. Pure function, callable from any thread.
#pragma once

#include <cstdint>
#include <span>

#include "arrow/result.h"

namespace pintail::columnar {

// The depth of the schema in a footer (FileMetaData of parquet.thrift in Thrift's compact
// protocol); InvalidArgument when the footer is damaged.
arrow::Result<int64_t> ParquetSchemaDepth(std::span<const uint8_t> footer);

}  // namespace pintail::columnar
