// CSV and NDJSON, honest and hostile, through OpenBatchReader and Validated.
#include <memory>
#include <string>

#include "arrow/api.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/testing/read_write.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;
using testing::FromJson;
using ::testing::HasSubstr;
using testing::ReadAll;
using testing::Written;

TEST(Csv, InfersTypesAndTakesEmptyFieldsForNulls) {
  const auto table = ReadAll(Format::kCsv,
                             "i,d,b,when,s,none\n"
                             "1,0.5,true,2024-02-29,NA,\n"
                             ",,,,,\n"
                             "3,2,false,2024-03-01,\"\",\n")
                         .ValueOrDie();
  EXPECT_EQ(table->schema()->ToString(),
            "i: int64\nd: double\nb: bool\nwhen: date32[day]\ns: string\nnone: string");
  EXPECT_EQ(Written(Format::kNdjson, *table),
            R"({"i":1,"d":0.5,"b":true,"when":"2024-02-29","s":"NA","none":null})"
            "\n"
            R"({"i":null,"d":null,"b":null,"when":null,"s":null,"none":null})"
            "\n"
            R"({"i":3,"d":2.0,"b":false,"when":"2024-03-01","s":"","none":null})"
            "\n");
}

TEST(Csv, TakesQuotedLineEndsAndOtherDelimiters) {
  BatchReaderOptions options;
  options.csv_delimiter = ';';
  const auto table =
      ReadAll(Format::kCsv, "a;b\r\n\"two\nlines\";\"x;\"\"y\"\"\"\r\n", options)
          .ValueOrDie();
  EXPECT_EQ(Written(Format::kNdjson, *table),
            "{\"a\":\"two\\nlines\",\"b\":\"x;\\\"y\\\"\"}\n");
}

// More than the block that the types are inferred from.
std::string LongCsv(const std::string& last_row) {
  std::string text = "n,t\n";
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + ",text\n";
  return text + last_row;
}

TEST(Csv, ALaterRowThatDoesNotFitIsAClearError) {
  EXPECT_EQ(ReadAll(Format::kCsv, LongCsv("")).ValueOrDie()->num_rows(), 200'000);
  const auto table = ReadAll(Format::kCsv, LongCsv("1.5,text\n"));
  EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(table.status().message(), HasSubstr("inferred from the first rows"));
  EXPECT_THAT(table.status().message(), HasSubstr("'1.5'"));
  const auto wide = ReadAll(Format::kCsv, LongCsv("1,2,3\n"));
  EXPECT_EQ(base::KindOf(wide.status()), ErrorKind::kInvalidArgument);
}

TEST(Csv, AColumnThatIsEmptyAtFirstMayHaveTextLater) {
  std::string text = "n,t\n";
  for (int i = 0; i < 400'000; ++i) text += "1,\n";
  const auto table = ReadAll(Format::kCsv, text + "1,late\n").ValueOrDie();
  EXPECT_EQ(table->schema()->field(1)->type()->id(), arrow::Type::STRING);
  EXPECT_EQ(table->column(1)->null_count(), 400'000);
}

TEST(Csv, RefusesAbsurdText) {
  std::string columns = "c0";
  for (int i = 1; i < 1'000'000; ++i) columns += ",c" + std::to_string(i);
  const struct {
    std::string text;
    std::string message;
  } kCases[] = {
      {"", "empty"},
      {columns + "\n", "1000000 columns"},
      {"a,a\n1,2\n", "two columns"},
      {"a,b\n1\n", "Expected 2 columns"},
      {"a\n\xFF\xFE\n", "not UTF-8"},
      {"a\n\"" + std::string(65 << 20, 'x') + "\"\n", "longer than"},
  };
  for (const auto& c : kCases) {
    const auto table = ReadAll(Format::kCsv, c.text);
    EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kInvalidArgument) << c.message;
    EXPECT_THAT(table.status().message(), HasSubstr(c.message));
  }
}

TEST(Ndjson, InfersColumnsAndKeepsNumbersExact) {
  const auto table =
      ReadAll(
          Format::kNdjson,
          R"({"i": 9223372036854775807, "u": 18446744073709551615, "d": 0.1, "n": null})"
          "\n\n"
          R"({"i": -9223372036854775808, "u": 9007199254740993, "d": 2, "s": "x"})"
          "\n"
          R"({"l": [1, null], "o": {"a": true, "e": []}})")
          .ValueOrDie();
  EXPECT_EQ(table->schema()->GetFieldByName("i")->type()->ToString(), "int64");
  EXPECT_EQ(table->schema()->GetFieldByName("u")->type()->ToString(), "uint64");
  EXPECT_EQ(table->schema()->GetFieldByName("d")->type()->ToString(), "double");
  EXPECT_EQ(table->schema()->GetFieldByName("n")->type()->ToString(), "string");
  EXPECT_EQ(
      Written(Format::kNdjson, *table),
      R"({"i":9223372036854775807,"u":18446744073709551615,"d":0.1,"n":null,"s":null,"l":null,"o":null})"
      "\n"
      R"({"i":-9223372036854775808,"u":9007199254740993,"d":2.0,"n":null,"s":"x","l":null,"o":null})"
      "\n"
      R"({"i":null,"u":null,"d":null,"n":null,"s":null,"l":[1,null],"o":{"a":true,"e":[]}})"
      "\n");
}

std::string LongNdjson(const std::string& last_line) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "{\"n\": " + std::to_string(i) + "}\n";
  return text + last_line;
}

TEST(Ndjson, ALaterLineThatDoesNotFitIsAClearError) {
  EXPECT_EQ(ReadAll(Format::kNdjson, LongNdjson("")).ValueOrDie()->num_rows(), 100'000);
  for (const char* line : {"{\"n\": 1.5}", "{\"n\": \"x\"}", "{\"m\": 1}",
                           "{\"n\": 9223372036854775808}", "[1]", "{\"n\": 1"}) {
    const auto table = ReadAll(Format::kNdjson, LongNdjson(line));
    EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kInvalidArgument) << line;
    EXPECT_THAT(table.status().message(), HasSubstr("after row")) << line;
  }
}

TEST(Ndjson, RefusesAbsurdText) {
  const std::string deep_array(1'000'000, '[');
  std::string deep_object;
  for (int i = 0; i < 100'000; ++i) deep_object += "{\"a\":";
  std::string members = "{\"m\":0";
  for (int i = 0; i < 200'000; ++i) members += ",\"m" + std::to_string(i) + "\":1";
  const struct {
    std::string text;
    std::string message;
  } kCases[] = {
      {"", "empty"},
      {" \n\n", "empty"},
      {"{\"a\":" + deep_array, "64 levels"},
      {"{\"a\": 1}\n{\"a\":" + deep_array, "64 levels"},
      {deep_object, "64 levels"},
      {members + "}", "members"},
      {"not json", "NDJSON"},
      {"{\"a\": 1} trailing", "NDJSON"},
      {"{\"a\": \"\xFF\"}", "UTF-8"},
      {"{\"a\": 1, \"A\": 2}", "two columns"},
  };
  for (const auto& c : kCases) {
    const auto table = ReadAll(Format::kNdjson, c.text);
    EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kInvalidArgument) << c.message;
    EXPECT_THAT(table.status().message(), HasSubstr(c.message));
  }
}

TEST(Ndjson, BracketsAndDigitsInTextsDoNotCount) {
  const std::string text =
      "{\"a\": \"" + std::string(500, '[') + "\\\"{{{\\\\\", \"b\": \"1\"}\n";
  EXPECT_EQ(ReadAll(Format::kNdjson, text).ValueOrDie()->num_rows(), 1);
}

}  // namespace
}  // namespace pintail::columnar
