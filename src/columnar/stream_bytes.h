// Reading from inputs whose lengths are not to be believed. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"

namespace pintail::columnar {

// Reads `size` bytes, or fewer at the end of the input. Memory is taken in steps that
// double as bytes really come, so that a claimed size costs nothing.
arrow::Result<std::shared_ptr<arrow::Buffer>> ReadUpTo(arrow::io::InputStream& input,
                                                       int64_t size);

}  // namespace pintail::columnar
