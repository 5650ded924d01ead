// Record batches to bytes, as they come: each batch is written to the output before the
// next is asked for. One thread at a time.
#pragma once

#include <memory>

#include "arrow/io/interfaces.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "columnar/format.h"

namespace pintail::columnar {

class BatchWriter {
 public:
  virtual ~BatchWriter() = default;
  virtual arrow::Status Write(const arrow::RecordBatch& batch) = 0;
  // Writes what the format needs at its end. The output itself stays open.
  virtual arrow::Status Close() = 0;
};

// A writer of the format. CSV has a header line, RFC 4180 quoting, empty fields for
// nulls. JSON is one array of objects, NDJSON an object a line: numbers as numbers
// (64-bit integers too), decimals as strings with all their digits, timestamps as ISO
// 8601 with zone when they have one, binary as base64, lists and structs as arrays and
// objects, NaN and infinities as the strings "NaN", "Infinity", "-Infinity". `output`
// outlives the writer.
arrow::Result<std::unique_ptr<BatchWriter>> MakeBatchWriter(
    Format format, const std::shared_ptr<arrow::Schema>& schema,
    arrow::io::OutputStream* output);

}  // namespace pintail::columnar
