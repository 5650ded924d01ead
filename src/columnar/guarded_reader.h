// Turns whatever a decoder of untrusted bytes does into the errors that a caller expects.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::columnar {

// What a decoder's failure means to the sender: errors that already have a kind (of the
// input itself, say) are kept, lack of memory becomes ResourceExhausted, all else
// InvalidArgument. `what` is, for example, "the Parquet file".
arrow::Status AsBadInput(const arrow::Status& status, std::string_view what);

// Opens a reader by `open` and wraps it: exceptions and foreign statuses go through
// AsBadInput, and more than `max_total_bytes` of batches in all are ResourceExhausted.
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> OpenGuarded(
    std::string_view what, int64_t max_total_bytes,
    const std::function<arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>()>&
        open);

}  // namespace pintail::columnar
