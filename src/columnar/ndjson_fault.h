// Finds the value for which a block of NDJSON cannot be read as a schema, for the
// message. Pure functions, callable from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "arrow/buffer.h"
#include "arrow/type.h"

namespace pintail::columnar {

struct NdjsonFault {
  int64_t row = 0;  // of the block, from 1; blank lines do not count
  std::string column;
  std::string value;  // as JSON has it, the longest ones cut
};

// Empty when there is none, or the text is not JSON. Reads the block some twenty times
// over.
std::optional<NdjsonFault> FindNdjsonFault(const std::shared_ptr<arrow::Buffer>& block,
                                           const arrow::Schema& schema);

}  // namespace pintail::columnar
