#include "columnar/batch_writer.h"

#include "base/error.h"
#include "columnar/format_writers.h"

namespace pintail::columnar {

arrow::Result<std::unique_ptr<BatchWriter>> MakeBatchWriter(
    Format format, const std::shared_ptr<arrow::Schema>& schema,
    arrow::io::OutputStream* output) {
  switch (format) {
    case Format::kArrowStream:
      return MakeArrowStreamWriter(schema, output);
    case Format::kArrowFile:
      return MakeArrowFileWriter(schema, output);
    case Format::kParquet:
      return MakeParquetWriter(schema, output);
    case Format::kCsv:
      return MakeCsvWriter(*schema, output);
    case Format::kNdjson:
      return MakeNdjsonWriter(*schema, output);
    case Format::kJson:
      return MakeJsonWriter(*schema, output);
  }
  return base::MakeError(base::ErrorKind::kInternal, "an unknown format");
}

}  // namespace pintail::columnar
