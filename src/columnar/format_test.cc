#include "columnar/format.h"

#include <optional>
#include <string_view>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

TEST(Format, IsToldByItsMediaType) {
  const struct {
    std::string_view media_type;
    std::optional<Format> expected;
  } kCases[] = {
      {"application/vnd.apache.arrow.stream", Format::kArrowStream},
      {"application/vnd.apache.arrow.file", Format::kArrowFile},
      {"application/vnd.apache.parquet", Format::kParquet},
      {"application/x-parquet", Format::kParquet},
      {"text/csv", Format::kCsv},
      {"Text/CSV; charset=utf-8; header=present", Format::kCsv},
      {"application/x-ndjson", Format::kNdjson},
      {"application/jsonlines", Format::kNdjson},
      {" application/json ", Format::kJson},
      {"application/octet-stream", std::nullopt},
      {"", std::nullopt},
      {";charset=utf-8", std::nullopt},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(FormatOfMediaType(c.media_type), c.expected) << c.media_type;
  }
}

TEST(Format, IsToldByTheEndingOfAFileName) {
  const struct {
    std::string_view path;
    std::optional<Format> expected;
  } kCases[] = {
      {"a.arrows", Format::kArrowStream},
      {"/d.csv/a.arrow", Format::kArrowFile},
      {"a.feather", Format::kArrowFile},
      {"a.ipc", Format::kArrowFile},
      {"a.PARQUET", Format::kParquet},
      {"a.csv", Format::kCsv},
      {"a.ndjson", Format::kNdjson},
      {"a.jsonl", Format::kNdjson},
      {"a.json", Format::kJson},
      {"a.txt", std::nullopt},
      {"csv", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& c : kCases) EXPECT_EQ(FormatOfPath(c.path), c.expected) << c.path;
}

TEST(Format, NamesAndMediaTypesComeBackAsTheSameFormat) {
  for (const Format format : {Format::kArrowStream, Format::kArrowFile, Format::kParquet,
                              Format::kCsv, Format::kNdjson, Format::kJson}) {
    EXPECT_EQ(ParseFormat(FormatName(format)).ValueOrDie(), format);
    EXPECT_EQ(FormatOfMediaType(MediaTypeOf(format)), format);
  }
}

TEST(Format, AnUnknownNameIsRefusedWithTheKnownOnes) {
  const auto parsed = ParseFormat("xlsx");
  EXPECT_EQ(base::KindOf(parsed.status()), base::ErrorKind::kInvalidArgument);
  EXPECT_NE(parsed.status().message().find("ndjson"), std::string::npos);
}

}  // namespace
}  // namespace pintail::columnar
