// The writer of each format, behind MakeBatchWriter. One thread at a time; the output
// outlives the writer.
#pragma once

#include <memory>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "columnar/batch_writer.h"

namespace pintail::columnar {

using WriterResult = arrow::Result<std::unique_ptr<BatchWriter>>;

WriterResult MakeArrowStreamWriter(const std::shared_ptr<arrow::Schema>& schema,
                                   arrow::io::OutputStream* output);
WriterResult MakeArrowFileWriter(const std::shared_ptr<arrow::Schema>& schema,
                                 arrow::io::OutputStream* output);
WriterResult MakeParquetWriter(const std::shared_ptr<arrow::Schema>& schema,
                               arrow::io::OutputStream* output);
WriterResult MakeCsvWriter(const arrow::Schema& schema, arrow::io::OutputStream* output);
WriterResult MakeJsonWriter(const arrow::Schema& schema, arrow::io::OutputStream* output);
WriterResult MakeNdjsonWriter(const arrow::Schema& schema,
                              arrow::io::OutputStream* output);

}  // namespace pintail::columnar
