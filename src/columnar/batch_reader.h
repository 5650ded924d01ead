// Bytes to record batches. A reader pulls from its input as it is pulled from, so a body
// of any length is read in bounded memory. One thread at a time.
#pragma once

#include <memory>

#include "arrow/io/interfaces.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "columnar/format.h"
#include "columnar/limits.h"

namespace pintail::columnar {

struct BatchReaderOptions {
  Limits limits;
  // Rows of a batch for formats that have no batches of their own (CSV, NDJSON).
  int64_t batch_rows = 65'536;
  char csv_delimiter = ',';
  // The columns of the table that CSV and NDJSON are read for: their text is parsed as
  // the table's types (see target_column.h), and only other columns are inferred. Null:
  // all are inferred.
  std::shared_ptr<arrow::Schema> target = nullptr;
};

// Opens a reader of the format over the input. The batches are NOT yet validated: pass
// the result through Validated() before anyone looks inside. Parquet and Arrow files need
// the end of the input first: they are spooled to an unlinked temporary file when `input`
// is not seekable. InvalidArgument when the input is not of the format.
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> OpenBatchReader(
    Format format, std::shared_ptr<arrow::io::InputStream> input,
    const BatchReaderOptions& options);

// Checks the schema against the limits, then each batch in full (offsets, lengths, UTF-8,
// dictionary indexes, union type ids, run ends, decimal ranges, view buffers) before it
// hands it on; the first bad batch ends the stream with InvalidArgument that names the
// batch and column. Realigns misaligned buffers. Nothing downstream of this reader can be
// made to read memory that was not sent: encodings that DuckDB's Arrow scan misreads are
// undone, so the reader's schema may differ from the source's in encoding (never in
// values). Dictionaries of text stay where a whole column is one; other dictionaries and
// run ends become plain values; list views are put in order.
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Validated(
    std::shared_ptr<arrow::RecordBatchReader> reader, const Limits& limits);

// Only the schema part of Validated.
arrow::Status CheckSchema(const arrow::Schema& schema, const Limits& limits);
// Only the checks of Validated: nothing is realigned or decoded, so a batch that is to go
// into the database has to go through Validated all the same.
arrow::Status CheckBatch(const arrow::RecordBatch& batch, const Limits& limits);

}  // namespace pintail::columnar
