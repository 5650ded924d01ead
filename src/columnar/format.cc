#include "columnar/format.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::columnar {
namespace {

struct FormatEntry {
  Format format;
  std::string_view name;
  std::string_view media_type;
  std::array<std::string_view, 2> other_media_types;
  std::array<std::string_view, 3> endings;
};

constexpr FormatEntry kFormats[] = {
    {Format::kArrowStream,
     "arrow",
     "application/vnd.apache.arrow.stream",
     {},
     {".arrows"}},
    {Format::kArrowFile,
     "arrow-file",
     "application/vnd.apache.arrow.file",
     {},
     {".arrow", ".feather", ".ipc"}},
    {Format::kParquet,
     "parquet",
     "application/vnd.apache.parquet",
     {"application/x-parquet"},
     {".parquet"}},
    {Format::kCsv, "csv", "text/csv", {}, {".csv"}},
    {Format::kNdjson,
     "ndjson",
     "application/x-ndjson",
     {"application/jsonlines", "application/ndjson"},
     {".ndjson", ".jsonl"}},
    {Format::kJson, "json", "application/json", {}, {".json"}},
};

const FormatEntry& EntryOf(Format format) {
  return kFormats[static_cast<size_t>(format)];
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::optional<Format> FormatOfMediaType(std::string_view media_type) {
  const std::string type =
      base::LowerCase(Trimmed(media_type.substr(0, media_type.find(';'))));
  if (type.empty()) return std::nullopt;
  for (const FormatEntry& entry : kFormats) {
    if (entry.media_type == type || std::ranges::find(entry.other_media_types, type) !=
                                        entry.other_media_types.end()) {
      return entry.format;
    }
  }
  return std::nullopt;
}

std::optional<Format> FormatOfPath(std::string_view path) {
  const std::string lowered = base::LowerCase(path);
  for (const FormatEntry& entry : kFormats) {
    for (const std::string_view ending : entry.endings) {
      if (!ending.empty() && lowered.ends_with(ending)) return entry.format;
    }
  }
  return std::nullopt;
}

arrow::Result<Format> ParseFormat(std::string_view name) {
  for (const FormatEntry& entry : kFormats) {
    if (entry.name == name) return entry.format;
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, "unknown format '", name,
                         "'; use arrow, arrow-file, parquet, csv, ndjson or json");
}

std::string_view FormatName(Format format) { return EntryOf(format).name; }
std::string_view MediaTypeOf(Format format) { return EntryOf(format).media_type; }

}  // namespace pintail::columnar
