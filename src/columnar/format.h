// The formats that batches come in and go out as, and their names.
// Pure functions, callable from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "arrow/result.h"

namespace pintail::columnar {

enum class Format : uint8_t { kArrowStream, kArrowFile, kParquet, kCsv, kNdjson, kJson };

// The format of an IANA media type, parameters ignored:
// application/vnd.apache.arrow.stream, application/vnd.apache.arrow.file,
// application/vnd.apache.parquet (also application/x-parquet), text/csv,
// application/x-ndjson (also application/jsonlines), application/json. Empty when it is
// none of them.
std::optional<Format> FormatOfMediaType(std::string_view media_type);

// The format that a file name's ending tells: .arrows, .arrow/.feather/.ipc, .parquet,
// .csv, .ndjson/.jsonl, .json.
std::optional<Format> FormatOfPath(std::string_view path);

// "arrow", "arrow-file", "parquet", "csv", "ndjson", "json"; InvalidArgument otherwise.
arrow::Result<Format> ParseFormat(std::string_view name);

std::string_view FormatName(Format format);
std::string_view MediaTypeOf(Format format);

}  // namespace pintail::columnar
