// The reader of each format, behind OpenBatchReader. All of them may return Arrow's own
// statuses or throw: OpenBatchReader guards them. One thread at a time.
#pragma once

#include <memory>

#include "arrow/io/interfaces.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "columnar/batch_reader.h"

namespace pintail::columnar {

using ReaderResult = arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>;

ReaderResult OpenArrowStream(std::shared_ptr<arrow::io::InputStream> input,
                             const BatchReaderOptions& options);
ReaderResult OpenArrowFile(std::shared_ptr<arrow::io::RandomAccessFile> file,
                           const BatchReaderOptions& options);
ReaderResult OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file,
                         const BatchReaderOptions& options);
ReaderResult OpenCsv(std::shared_ptr<arrow::io::InputStream> input,
                     const BatchReaderOptions& options);
ReaderResult OpenNdjson(std::shared_ptr<arrow::io::InputStream> input,
                        const BatchReaderOptions& options);

}  // namespace pintail::columnar
