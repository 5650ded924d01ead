// What a hostile input must survive: it is opened, validated, and every value it yields
// is read, as NDJSON. Pure function, callable from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "columnar/batch_reader.h"

namespace pintail::columnar::testing {

// The rows that were read, or why the input was refused. Also fails, as Internal, when a
// batch that was let through is not valid to Arrow's own full validation.
arrow::Result<int64_t> ReadEveryValue(Format format,
                                      const std::shared_ptr<arrow::Buffer>& bytes,
                                      const BatchReaderOptions& options = {});

}  // namespace pintail::columnar::testing
