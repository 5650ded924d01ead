// The memory that a batch takes.
#pragma once

#include <cstdint>

#include "arrow/record_batch.h"

namespace pintail::columnar {

// In bytes. Of a slice only its own part, but for small batches, where the whole is told
// more quickly and the difference matters to nobody.
int64_t BytesOf(const arrow::RecordBatch& batch);

}  // namespace pintail::columnar
