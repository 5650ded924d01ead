#include "http/accept.h"

#include <gtest/gtest.h>

#include "http/status.h"

namespace pintail::http {
namespace {

using columnar::Format;

TEST(Accept, TakesTheFormatThatIsWantedMost) {
  const struct {
    std::optional<std::string_view> accept;
    Format format;
  } rows[] = {
      {std::nullopt, Format::kJson},
      {"", Format::kJson},
      {"*/*", Format::kJson},
      {"text/csv", Format::kCsv},
      {"text/*", Format::kCsv},
      {"application/json;q=0.5, text/csv;q=0.9", Format::kCsv},
      {"text/csv;q=0.5,application/x-ndjson", Format::kNdjson},
      {"text/html, application/xhtml+xml, */*;q=0.8", Format::kJson},
      {"application/vnd.apache.arrow.stream, */*", Format::kArrowStream},
      {"application/vnd.apache.parquet ; q=1", Format::kParquet},
      {"image/png, text/csv;q=0, application/json;q=0.1", Format::kJson},
  };
  for (const auto& row : rows) {
    const auto chosen = ChooseFormat(row.accept, std::nullopt);
    ASSERT_TRUE(chosen.ok()) << row.accept.value_or("(none)");
    EXPECT_EQ(*chosen, row.format) << row.accept.value_or("(none)");
  }
}

TEST(Accept, RefusesWhatCannotBeHad) {
  for (const char* accept :
       {"image/png", "text/csv;q=0", "application/vnd.apache.arrow.file", ";;;",
        "text/csv;q=x"}) {
    const auto chosen = ChooseFormat(accept, std::nullopt);
    ASSERT_FALSE(chosen.ok()) << accept;
    EXPECT_EQ(ErrorOf(chosen.status()).http_status, 406) << accept;
  }
}

TEST(Accept, LetsAFormatByNameGoFirst) {
  EXPECT_EQ(*ChooseFormat("text/csv", "arrow"), Format::kArrowStream);
  EXPECT_EQ(ErrorOf(ChooseFormat("text/csv", "xml").status()).http_status, 400);
  EXPECT_EQ(ErrorOf(ChooseFormat("text/csv", "arrow-file").status()).http_status, 406);
  const std::string message = ChooseFormat(std::nullopt, "xml").status().message();
  EXPECT_EQ(
      message,
      "there is no format \"xml\"; the result can be had as json, ndjson, csv, arrow "
      "or parquet");
}

}  // namespace
}  // namespace pintail::http
