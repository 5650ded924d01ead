#include "cli/value_text.h"

#include "arrow/array/builder_binary.h"
#include "arrow/json/from_string.h"
#include "arrow/type.h"
#include "gtest/gtest.h"

namespace pintail::cli {
namespace {

TEST(ValueText, ReadsAsPeopleWriteValues) {
  struct Row {
    std::shared_ptr<arrow::DataType> type;
    std::string json;
    std::string text;
  };
  const auto us = arrow::TimeUnit::MICRO;
  const std::vector<Row> table = {
      {arrow::boolean(), "true", "true"},
      {arrow::int8(), "-5", "-5"},
      {arrow::uint64(), "18446744073709551615", "18446744073709551615"},
      {arrow::float64(), "0.1", "0.1"},
      {arrow::float32(), "0.1", "0.1"},
      {arrow::float64(), "NaN", "NaN"},
      {arrow::float64(), "-Inf", "-Infinity"},
      {arrow::decimal128(38, 2), "\"12345678901234567890.50\"",
       "12345678901234567890.50"},
      {arrow::utf8(), "\"plain\"", "plain"},
      {arrow::large_utf8(), "\"plain\"", "plain"},
      {arrow::utf8_view(), "\"plain\"", "plain"},
      {arrow::binary(), "\"a\\u0001\\\\\"", "a\\x01\\x5C"},
      {arrow::date32(), "0", "1970-01-01"},
      {arrow::date32(), "-1", "1969-12-31"},
      {arrow::time64(us), "3723000500", "01:02:03.0005"},
      {arrow::timestamp(us), "1500000", "1970-01-01 00:00:01.5"},
      {arrow::timestamp(us), "-500000", "1969-12-31 23:59:59.5"},
      {arrow::timestamp(us, "Europe/Oslo"), "0", "1970-01-01 00:00:00+00"},
      {arrow::month_day_nano_interval(), "[1, -2, 0]", "1 months -2 days"},
      {arrow::month_day_nano_interval(), "[0, 0, 1000000000]", "00:00:01"},
      {arrow::list(arrow::int32()), "[1, null, 3]", "[1, NULL, 3]"},
      {arrow::list(arrow::utf8()), "[\"a, b\", null]", "['a, b', NULL]"},
      {arrow::fixed_size_list(arrow::float32(), 2), "[1, 0.5]", "[1, 0.5]"},
      {arrow::struct_(
           {arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}),
       "[1, \"x\"]", "{a: 1, b: 'x'}"},
      {arrow::map(arrow::utf8(), arrow::int32()), "[[\"k\", 1]]", "{'k': 1}"},
      {arrow::dictionary(arrow::int8(), arrow::utf8()), "\"d\"", "d"},
      {arrow::null(), "null", "NULL"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.type->ToString() + " " + row.json);
    const auto array =
        arrow::json::ArrayFromJSONString(row.type, "[null, " + row.json + "]")
            .ValueOrDie();
    EXPECT_EQ(ValueText(*array, 0), "NULL");
    EXPECT_EQ(ValueText(*array, 1), row.text);
    // What is before a slice's beginning does not shift its values.
    EXPECT_EQ(ValueText(*array->Slice(1), 0), row.text);
  }
}

TEST(TypeText, IsWhatSqlCallsTheType) {
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> table = {
      {arrow::int64(), "bigint"},
      {arrow::large_utf8(), "varchar"},
      {arrow::list(arrow::int32()), "integer[]"},
      {arrow::fixed_size_list(arrow::float32(), 3), "float[3]"},
      {arrow::timestamp(arrow::TimeUnit::MICRO), "timestamp"},
      {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "timestamptz"},
      {arrow::decimal128(10, 2), "decimal128(10, 2)"},
  };
  for (const auto& [type, text] : table) EXPECT_EQ(TypeText(*type), text);
}

}  // namespace
}  // namespace pintail::cli
