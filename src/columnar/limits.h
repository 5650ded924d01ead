// Bounds on what comes from outside, checked before anything else looks at the data.
// Plain values; copy freely.
#pragma once

#include <cstdint>

namespace pintail::columnar {

struct Limits {
  int64_t max_columns = 10'000;  // of a schema, nested fields not counted
  int64_t max_fields = 100'000;  // of a schema, nested fields counted
  int32_t max_nesting = 64;      // depth of a type; also of JSON values
  int64_t max_rows_per_batch = int64_t{1} << 31;
  int64_t max_batch_bytes = int64_t{2} << 30;          // one batch, decompressed
  int64_t max_decompressed_bytes = int64_t{16} << 30;  // one request body, decompressed
  // A body may grow by at most this factor once it is larger than `ratio_floor_bytes`.
  int64_t max_compression_ratio = 200;
  int64_t ratio_floor_bytes = int64_t{16} << 20;
};

}  // namespace pintail::columnar
