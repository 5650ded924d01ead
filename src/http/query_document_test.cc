#include "http/query_document.h"

#include <gtest/gtest.h>

#include "arrow/buffer.h"

namespace pintail::http {
namespace {

arrow::Result<QueryDocument> Parse(const std::string& json, size_t max_depth = 64) {
  const std::string padded = json + std::string(JsonPadding(), '\0');
  return ParseQueryDocument(
      {.buffer = arrow::Buffer::FromString(padded), .size = json.size()}, max_depth);
}

TEST(QueryDocument, HasSqlParametersAndATimeout) {
  const QueryDocument query =
      *Parse(R"({"sql": "SELECT ?", "parameters": [7], "timeout_ms": 250})");
  EXPECT_EQ(query.sql, "SELECT ?");
  EXPECT_EQ(query.timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(query.parameters->num_rows(), 1);
  EXPECT_EQ(Parse(R"({"sql": "x", "parameters": null, "timeout_ms": null})")->parameters,
            nullptr);
  EXPECT_EQ(Parse(R"({"sql": "x", "parameters": []})")->parameters, nullptr);
}

TEST(QueryDocument, GivesParametersTheTypesOfTheirJson) {
  const struct {
    const char* json;
    const char* type;
  } rows[] = {{"null", "null"},
              {"true", "bool"},
              {"-5", "int64"},
              {"18446744073709551615", "uint64"},
              {"1.5", "double"},
              {"\"x\"", "string"},
              {"[]", "list<item: null>"},
              {"[1, null]", "list<item: int64>"},
              {"[1, 2.5]", "list<item: double>"},
              {"[[1], []]", "list<item: list<item: int64>>"},
              {R"({"a": 1, "b": "x"})", "struct<a: int64, b: string>"},
              {R"([{"a": 1}, {"a": 2.5}])", "list<item: struct<a: double>>"}};
  for (const auto& row : rows) {
    const auto query =
        Parse(std::string(R"({"sql": "x", "parameters": [)") + row.json + "]}");
    ASSERT_TRUE(query.ok()) << row.json << " " << query.status();
    EXPECT_EQ(query->parameters->schema()->field(0)->name(), "1");
    EXPECT_EQ(query->parameters->schema()->field(0)->type()->ToString(), row.type)
        << row.json;
    EXPECT_TRUE(query->parameters->ValidateFull().ok());
  }
}

TEST(QueryDocument, NamesParametersByTheirKeys) {
  const auto query = Parse(R"({"sql": "x", "parameters": {"low": 1, "high": "z"}})");
  EXPECT_EQ(query->parameters->schema()->field(1)->name(), "high");
}

TEST(QueryDocument, IsRefusedWithWhatIsWrong) {
  const struct {
    std::string json;
    const char* message;
  } rows[] = {
      {"", "not valid JSON"},
      {"{", "not valid JSON"},
      {"[]", "must be a JSON object"},
      {"{}", "names no \"sql\""},
      {R"({"sql": 7})", "\"sql\" must be a string"},
      {R"({"sql": "x"} {})", "not valid JSON"},
      {R"({"sql": "x", "other": 1})", "a member \"other\""},
      {R"({"sql": "x", "parameters": 7})", "must be a list"},
      {R"({"sql": "x", "parameters": [[1, "x"]]})", "different types (int64 and string)"},
      {R"({"sql": "x", "timeout_ms": 0})", "above 0"},
      {R"({"sql": "x", "timeout_ms": 1.5})", "above 0"},
      {R"({"sql": "x", "parameters": [123456789012345678901234567890]})", "as a string"},
      {R"({"sql": "x", "parameters": )" + std::string(100'000, '[') +
           std::string(100'000, ']') + "}",
       "nests deeper than 64"},
      {"{\"sql\": \"\xff\"}", "not valid JSON"},
  };
  for (const auto& row : rows) {
    const auto query = Parse(row.json);
    ASSERT_FALSE(query.ok()) << row.json.substr(0, 80);
    EXPECT_EQ(base::KindOf(query.status()), base::ErrorKind::kInvalidArgument);
    EXPECT_NE(query.status().message().find(row.message), std::string::npos)
        << query.status().message();
  }
}

}  // namespace
}  // namespace pintail::http
