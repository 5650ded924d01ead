#include "cli/table_writer.h"

#include <clocale>
#include <sstream>

#include "arrow/json/from_string.h"
#include "arrow/type.h"
#include "gmock/gmock.h"

namespace pintail::cli {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<arrow::RecordBatch> Batch(const arrow::FieldVector& fields,
                                          const std::string& json) {
  const auto schema = arrow::schema(fields);
  const auto rows =
      arrow::json::ArrayFromJSONString(arrow::struct_(fields), json).ValueOrDie();
  return arrow::RecordBatch::FromStructArray(rows).ValueOrDie()->ReplaceSchemaMetadata(
      nullptr);
}

struct Shown {
  int width = 0;
  bool colours = false;
  TableStyle style;
};

std::string Show(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                 const Shown& shown = {}) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  std::ostringstream out;
  const Terminal terminal{
      .out = out, .err = out, .colours = shown.colours, .width = shown.width};
  TableWriter writer(batches.front()->schema(), terminal, shown.style);
  for (const auto& batch : batches) EXPECT_TRUE(writer.Write(*batch).ok());
  EXPECT_TRUE(writer.Close().ok());
  return out.str();
}

const arrow::FieldVector kCity = {arrow::field("city", arrow::utf8()),
                                  arrow::field("degrees", arrow::int64())};

TEST(TableWriter, AlignsTextLeftAndNumbersRight) {
  const auto batch = Batch(kCity, R"([["Oslo", 4], ["Rome", 19]])");
  EXPECT_EQ(Show({batch}),
            " city | degrees\n"
            "------+---------\n"
            " Oslo |       4\n"
            " Rome |      19\n"
            "(2 rows)\n");
}

TEST(TableWriter, ShowsNullsTypesAndASingleRow) {
  const auto batch = Batch(kCity, R"([[null, null]])");
  EXPECT_EQ(Show({batch}, {.style = {.types = true}}),
            " city    | degrees\n"
            " varchar |  bigint\n"
            "---------+---------\n"
            " NULL    |    NULL\n"
            "(1 row)\n");
}

TEST(TableWriter, ShowsTheHeaderOfAnEmptyResult) {
  EXPECT_EQ(Show({Batch(kCity, "[]")}),
            " city | degrees\n"
            "------+---------\n"
            "(0 rows)\n");
}

TEST(TableWriter, CountsWideCharactersAndEscapesControlCharacters) {
  const auto batch =
      Batch({arrow::field("t", arrow::utf8()), arrow::field("n", arrow::int8())},
            R"([["日本", 1], ["a\nb", 2]])");
  EXPECT_EQ(Show({batch}),
            " t    | n\n"
            "------+---\n"
            " 日本 | 1\n"
            " a\\nb | 2\n"
            "(2 rows)\n");
}

TEST(TableWriter, CutsWideColumnsToTheTerminal) {
  const auto batch = Batch(kCity, R"([["a very long name of a city", 4]])");
  EXPECT_EQ(Show({batch}, {.width = 24}),
            " city         | degrees\n"
            "--------------+---------\n"
            " a very long… |       4\n"
            "(1 row)\n");
}

TEST(TableWriter, ShowsOneColumnALineWhenTheyDoNotFitBesideEachOther) {
  arrow::FieldVector fields;
  std::string row;
  for (int i = 0; i < 10; ++i) {
    fields.push_back(arrow::field("column_" + std::to_string(i), arrow::utf8()));
    row += (i > 0 ? ", " : "") + std::string("\"value\"");
  }
  const std::string shown = Show({Batch(fields, "[[" + row + "]]")}, {.width = 40});
  EXPECT_THAT(shown, HasSubstr("-- row 1 --\ncolumn_0 | value\ncolumn_1 | value\n"));
}

TEST(TableWriter, KeepsTheWidthsOfTheFirstRows) {
  const auto first = Batch(kCity, R"([["Oslo", 4], ["Rome", 19]])");
  const auto second = Batch(kCity, R"([["Constantinople", 12]])");
  EXPECT_EQ(Show({first, second}, {.style = {.sampled_rows = 2}}),
            " city | degrees\n"
            "------+---------\n"
            " Oslo |       4\n"
            " Rome |      19\n"
            " Constantinople |      12\n"
            "(3 rows)\n");
}

TEST(TableWriter, ColoursOnlyWhereTheyAreShown) {
  const auto batch = Batch(kCity, R"([[null, 1]])");
  EXPECT_THAT(Show({batch}, {.colours = true}), HasSubstr("\033[2mNULL\033[0m"));
  EXPECT_THAT(Show({batch}), ::testing::Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace pintail::cli
