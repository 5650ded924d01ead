#include "columnar/batch_reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "columnar/format_readers.h"
#include "columnar/guarded_reader.h"
#include "columnar/seekable_input.h"

namespace pintail::columnar {
namespace {

constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

using FileOpener = ReaderResult (*)(std::shared_ptr<arrow::io::RandomAccessFile>,
                                    const BatchReaderOptions&);

// A file's parts may be named any number of times, so what all of them decode to is
// bounded too.
ReaderResult OpenFile(std::string_view what, FileOpener open, bool by_ratio,
                      std::shared_ptr<arrow::io::InputStream> input,
                      const BatchReaderOptions& options) {
  const Limits& limits = options.limits;
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  ARROW_RETURN_NOT_OK(AsBadInput(
      MakeSeekable(std::move(input), limits.max_decompressed_bytes).Value(&file), what));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  int64_t max_total_bytes = limits.max_decompressed_bytes;
  if (by_ratio && size < max_total_bytes / limits.max_compression_ratio) {
    max_total_bytes =
        std::max(limits.ratio_floor_bytes, size * limits.max_compression_ratio);
  }
  return OpenGuarded(what, max_total_bytes, [&] { return open(file, options); });
}

}  // namespace

ReaderResult OpenBatchReader(Format format, std::shared_ptr<arrow::io::InputStream> input,
                             const BatchReaderOptions& options) {
  switch (format) {
    case Format::kArrowStream:
      return OpenGuarded("the Arrow IPC stream", kUnbounded,
                         [&] { return OpenArrowStream(input, options); });
    case Format::kArrowFile:
      return OpenFile("the Arrow IPC file", OpenArrowFile, /*by_ratio=*/true,
                      std::move(input), options);
    case Format::kParquet:
      // Honest files of long runs can be refused by this, so the message names the
      // option.
      return OpenFile("the Parquet file", OpenParquet, /*by_ratio=*/true,
                      std::move(input), options);
    case Format::kCsv:
      return OpenGuarded("the CSV text", kUnbounded,
                         [&] { return OpenCsv(input, options); });
    case Format::kNdjson:
      return OpenGuarded("the NDJSON text", kUnbounded,
                         [&] { return OpenNdjson(input, options); });
    case Format::kJson:
      break;
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument,
                         "batches cannot be read from a JSON array; send one object a "
                         "line (NDJSON, application/x-ndjson)");
}

}  // namespace pintail::columnar
