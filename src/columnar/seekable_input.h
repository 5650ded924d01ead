// Inputs for formats that are read from their end: Parquet and Arrow files.
#pragma once

#include <cstdint>
#include <memory>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"

namespace pintail::columnar {

// The input itself when it can seek, else a copy of it in an unlinked temporary file.
// Reads are cut to the input's size before memory is allocated for them, so that lengths
// which lie cost nothing. ResourceExhausted past `max_bytes`, or when the disk is full.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> MakeSeekable(
    std::shared_ptr<arrow::io::InputStream> input, int64_t max_bytes);

}  // namespace pintail::columnar
