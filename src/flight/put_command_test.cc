#include "flight/put_command.h"

#include <string>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

using gateway::IngestMode;

TEST(PutCommand, MeansTheDefaultStreamWithoutAName) {
  for (const char* json : {"{}", R"({"stream_name": null})", " { } "}) {
    auto request = ParsePutCommand(json, {});
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->stream, "default");
    EXPECT_EQ(request->table, engine::TableName{});
    EXPECT_EQ(request->mode, IngestMode::kCreateOrAppend);
    EXPECT_FALSE(request->commit_rows);
  }
}

TEST(PutCommand, TakesEveryKey) {
  auto request = ParsePutCommand(
      R"({"stream_name": "s", "target_table": "a.b", "mode": "replace",
          "schema_policy": "strict", "chunk_size": 10, "commit_rows": 20,
          "commit_interval_ms": 30, "transaction_id": "t", "temporary": true,
          "of no concern": {"deep": [1]}})",
      {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->stream, "s");
  EXPECT_EQ(request->table, (engine::TableName{"", "a", "b"}));
  EXPECT_EQ(request->mode, IngestMode::kReplace);
  EXPECT_EQ(request->schema_policy, columnar::SchemaPolicy::kStrict);
  EXPECT_EQ(request->chunk_rows, 10);
  EXPECT_EQ(request->commit_rows, 20);
  EXPECT_EQ(request->commit_interval, std::chrono::milliseconds(30));
  EXPECT_EQ(request->transaction_id, "t");
  EXPECT_TRUE(request->temporary);
}

TEST(PutCommand, KnowsOneModeByAllItsNames) {
  for (const char* mode :
       {"create_append", "create-append", "create_or_append", "create-or-append"}) {
    EXPECT_EQ(ParseIngestMode(mode).ValueOrDie(), IngestMode::kCreateOrAppend) << mode;
  }
}

TEST(PutCommand, TakesATableAsAPath) {
  auto request = ParsePutCommand(R"({"table": ["c", "s", "a.b"]})", {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->table, (engine::TableName{"c", "s", "a.b"}));
}

TEST(PutCommand, NamesTheKeyWhoseValueDoesNotFit) {
  const struct {
    const char* json;
    const char* named;
  } kTable[] = {
      {R"({"stream_name": 7})", "stream_name"},
      {R"({"stream_name": ""})", "stream_name"},
      {R"({"commit_rows": 0})", "commit_rows"},
      {R"({"commit_rows": "5"})", "commit_rows"},
      {R"({"chunk_size": 1.5})", "chunk_size"},
      {R"({"commit_interval_ms": -1})", "commit_interval_ms"},
      {R"({"temporary": 1})", "temporary"},
      {R"({"mode": "upsert"})", "upsert"},
      {R"({"target_table": "a.b.c.d"})", "a.b.c.d"},
      {R"({"target_table": ["a", 1]})", "target_table"},
  };
  for (const auto& row : kTable) {
    auto request = ParsePutCommand(row.json, {});
    ASSERT_FALSE(request.ok()) << row.json;
    EXPECT_EQ(base::KindOf(request.status()), base::ErrorKind::kInvalidArgument);
    EXPECT_NE(request.status().message().find(row.named), std::string::npos)
        << request.status();
  }
}

TEST(PutCommand, RefusesWhatIsNoObject) {
  std::string deep = R"({"a": )";
  deep += std::string(1'000'000, '[');
  for (const std::string& json :
       {std::string("[]"), std::string("{"), std::string("{\"a\": }"), deep,
        std::string("\xff{"), std::string(2 << 20, ' ') + "{}"}) {
    auto request = ParsePutCommand(json, {});
    ASSERT_FALSE(request.ok()) << json.substr(0, 20);
    EXPECT_EQ(base::KindOf(request.status()), base::ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pintail::flight
