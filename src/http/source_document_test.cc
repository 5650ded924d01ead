#include "http/source_document.h"

#include <gtest/gtest.h>

#include <cstring>

#include "arrow/buffer.h"
#include "http/query_document.h"

namespace pintail::http {
namespace {

arrow::Result<SourceDocument> Parse(std::string_view text) {
  auto buffer = arrow::AllocateBuffer(static_cast<int64_t>(text.size() + JsonPadding()));
  std::memset((*buffer)->mutable_data(), 0, (*buffer)->size());
  std::memcpy((*buffer)->mutable_data(), text.data(), text.size());
  return ParseSourceDocument({.buffer = *std::move(buffer), .size = text.size()}, 64);
}

TEST(SourceDocument, StandsForTheStatementWithEveryNameAndTextQuoted) {
  const auto source = Parse(R"({"name": "a\"b", "type": "adbc", "connection": "it's",
                                "pool_max": 5, "read_only": true,
                                "options": {"adbc.x": "'); DROP SOURCE c; --"}})");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(CreateSourceText(*source, false),
            "CREATE SOURCE \"a\"\"b\" TYPE 'adbc' (\"connection\" 'it''s', \"pool_max\" "
            "'5', \"read_only\" 'true', options (\"adbc.x\" '''); DROP SOURCE c; --'))");
  EXPECT_TRUE(CreateSourceText(*source, true).starts_with("CREATE OR REPLACE SOURCE "));
  EXPECT_EQ(DropSourceText("c\";x"), "DROP SOURCE \"c\"\";x\"");
}

TEST(SourceDocument, AltersWhatIsGivenOnly) {
  auto source = Parse(R"({"options": {"sslmode": "require"}})");
  ASSERT_TRUE(source.ok()) << source.status();
  source->name = "shop";
  EXPECT_EQ(AlterSourceText(*source),
            "ALTER SOURCE \"shop\" SET (options (\"sslmode\" 'require'))");
}

TEST(SourceDocument, RefusesWhatItCannotReadWithoutRepeatingValues) {
  for (const char* text :
       {"", "[1]", R"({"password": ["canary"]})", R"({"password": null})",
        R"({"options": "canary"})", R"({"options": {"a": {"b": "canary"}}})",
        R"({"options": {"": "canary"}})", R"({"": "canary"})", R"({"pool_max": 1.5})"}) {
    const auto source = Parse(text);
    EXPECT_EQ(base::KindOf(source.status()), base::ErrorKind::kInvalidArgument) << text;
    EXPECT_EQ(source.status().message().find("canary"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace pintail::http
