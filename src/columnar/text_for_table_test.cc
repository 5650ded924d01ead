// CSV and NDJSON that are read for a table that exists.
#include <memory>
#include <string>

#include "arrow/api.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/target_column.h"
#include "columnar/testing/read_write.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using arrow::field;
using ::testing::HasSubstr;
using testing::ReadAll;
using testing::Written;

arrow::Result<std::shared_ptr<arrow::Table>> ReadFor(arrow::FieldVector columns,
                                                     Format format,
                                                     const std::string& text) {
  return ReadAll(format, text, {.target = arrow::schema(std::move(columns))});
}

// The name, the type and whether it was marked, a column a line.
std::string Shape(const arrow::Table& table) {
  std::string shape;
  for (const auto& column : table.schema()->fields()) {
    shape += column->name() + " " + column->type()->ToString() +
             (IsFromText(*column) ? " (to be cast)" : "") + "\n";
  }
  return shape;
}

TEST(CsvForATable, IsReadAsTheTypesOfTheTable) {
  const auto table =
      ReadFor({field("n", arrow::int32()), field("S", arrow::int16()),
               field("f", arrow::float32()), field("price", arrow::decimal128(10, 2)),
               field("day", arrow::date32()), field("zip", arrow::utf8()),
               field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
               field("ok", arrow::boolean()),
               field("v", arrow::fixed_size_list(arrow::float32(), 3))},
              Format::kCsv,
              "n,s,f,price,day,zip,at,ok,v,more\n"
              "1,2,0.5,1.10,2026-01-01,00123,2026-01-01T00:00:00Z,t,\"[1,2,3]\",7\n"
              ",,,,,,,,,\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Shape(**table),
            "n int32\ns int16\nf float\nprice decimal128(10, 2)\nday date32[day]\n"
            "zip string\nat string (to be cast)\nok string (to be cast)\n"
            "v string (to be cast)\nmore int64\n");
  EXPECT_THAT(
      Written(Format::kNdjson, **table),
      HasSubstr(
          R"({"n":1,"s":2,"f":0.5,"price":"1.10","day":"2026-01-01","zip":"00123","at":"2026-01-01T00:00:00Z","ok":"t","v":"[1,2,3]","more":7})"));
}

TEST(CsvForATable, TellsRowColumnValueAndTypeOfWhatDoesNotParse) {
  const auto named = [](const char* name, std::shared_ptr<arrow::DataType> type,
                        const char* sql) {
    return field(name, std::move(type), true,
                 arrow::key_value_metadata({std::string(kTypeNameKey)}, {sql}));
  };
  const arrow::FieldVector columns = {
      named("n", arrow::int32(), "INTEGER"),
      named("price", arrow::decimal128(4, 2), "DECIMAL(4,2)")};
  std::string many = "n,price\n";
  for (int i = 0; i < 200'000; ++i) many += "1,1.10\n";
  const struct {
    std::string text;
    std::string message;
  } kCases[] = {
      {"n,price\n1,1\nx,1\n", "row 2, column \"n\" of the table, which is INTEGER: 'x'"},
      {"n,price\n1.5,1\n", "row 1, column \"n\" of the table, which is INTEGER: '1.5'"},
      {"n,price\n3000000000,1\n", "row 1, column \"n\""},
      {"n,price\n1,1.105\n", "row 1, column \"price\" of the table, which is DECIMAL"},
      {"n,price\n1,100.00\n", "row 1, column \"price\" of the table, which is DECIMAL"},
      {many + "x,1\n", "row 200001, column \"n\" of the table, which is INTEGER: 'x'"},
  };
  for (const auto& c : kCases) {
    const auto table = ReadFor(columns, Format::kCsv, c.text);
    EXPECT_EQ(base::KindOf(table.status()), base::ErrorKind::kInvalidArgument);
    EXPECT_THAT(table.status().message(), HasSubstr(c.message));
  }
}

TEST(CsvForATable, TakesAHeaderWithoutRows) {
  for (const char* text : {"n\n", "n,\n"}) {
    const auto table = ReadFor({field("n", arrow::int32())}, Format::kCsv, text);
    ASSERT_TRUE(table.ok()) << text << table.status();
    EXPECT_THAT(Shape(**table), ::testing::StartsWith("n int32\n"));
    EXPECT_EQ((*table)->num_rows(), 0);
  }
}

TEST(Csv, NamesColumnsWithoutANameByTheirPlace) {
  const auto table = ReadAll(Format::kCsv, ",b,\n0,x,1.5\n1,\"y\nz\",2\n").ValueOrDie();
  EXPECT_EQ(Shape(*table), "column0 int64\nb string\ncolumn2 double\n");
  EXPECT_EQ(table->num_rows(), 2);
}

TEST(NdjsonForATable, IsReadAsTheTypesOfTheTable) {
  const auto table = ReadFor(
      {field("n", arrow::int32()), field("price", arrow::decimal128(10, 2)),
       field("day", arrow::date32()), field("zip", arrow::utf8()),
       field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       field("text", arrow::utf8()), field("none", arrow::float32()),
       field("v", arrow::fixed_size_list(arrow::float32(), 3)),
       field("o", arrow::struct_({field("a", arrow::int8()), field("d", arrow::date32()),
                                  field("later", arrow::int16())}))},
      Format::kNdjson,
      R"({"N": 1, "price": 1.10, "day": "2026-01-01", "zip": "00123",)"
      R"( "at": "2026-01-01T00:00:00Z", "text": "2026-01-01 10:00:00", "none": null,)"
      R"( "v": [1, 2, 3], "o": {"a": 1, "d": "2026-01-01"}, "more": 7})"
      "\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Shape(**table),
            "N int32\nprice decimal128(10, 2)\nday string (to be cast)\nzip string\n"
            "at string (to be cast)\ntext string\nnone float\n"
            "v list<item: float> (to be cast)\n"
            "o struct<a: int8, d: string, later: int16> (to be cast)\nmore int64\n");
  EXPECT_EQ(
      Written(Format::kNdjson, **table),
      R"({"N":1,"price":"1.10","day":"2026-01-01","zip":"00123","at":"2026-01-01T00:00:00Z","text":"2026-01-01 10:00:00","none":null,"v":[1.0,2.0,3.0],"o":{"a":1,"d":"2026-01-01","later":null},"more":7})"
      "\n");
}

TEST(NdjsonForATable, LeavesKindsThatDifferToTheSchemaPolicy) {
  const auto table =
      ReadFor({field("n", arrow::int32()), field("s", arrow::utf8()),
               field("b", arrow::boolean()),
               field("o", arrow::struct_({field("a", arrow::date32())}))},
              Format::kNdjson,
              R"({"n": "1", "s": 2, "b": 1, "o": {"a": "2026-01-01", "new": 1}})"
              "\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Shape(**table),
            "n string\ns int64\nb int64\no struct<a: string, new: int64>\n");
}

TEST(NdjsonForATable, TakesAColumnThatIsNowANumberAndNowAText) {
  const auto table =
      ReadFor({field("price", arrow::decimal128(10, 2)), field("other", arrow::int32())},
              Format::kNdjson, "{\"price\": 1.10}\n{\"price\": \"2.20\", \"b\": 1}\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Shape(**table), "price decimal128(10, 2)\nb int64\n");
}

TEST(NdjsonForATable, TellsRowColumnValueAndTypeOfWhatDoesNotParse) {
  const arrow::FieldVector columns = {field("n", arrow::int32()),
                                      field("l", arrow::list(arrow::int8()))};
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "{\"n\": 1}\n\n";
  const struct {
    std::string text;
    std::string message;
  } kCases[] = {
      {"{\"n\": 1}\n{\"n\": 1.5}\n",
       "row 2, column \"n\" of the table, which is int32: 1.5 is no such value"},
      {"{\"n\": 3000000000}\n", "row 1, column \"n\" of the table, which is int32: 3000"},
      {"{\"l\": [1, 300]}\n", "row 1, column \"l\""},
      {"{\"n\": 1}\n{\"n\": \"x\"}\n",
       "row 2, column \"n\" of the table, which is int32: \"x\" is no such value"},
      {many + many + "{\"n\": \"x\"}\n",
       "row 200001, column \"n\" of the table, which is int32: \"x\" is no such value"},
  };
  for (const auto& c : kCases) {
    const auto table = ReadFor(columns, Format::kNdjson, c.text);
    EXPECT_EQ(base::KindOf(table.status()), base::ErrorKind::kInvalidArgument);
    EXPECT_THAT(table.status().message(), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace pintail::columnar
