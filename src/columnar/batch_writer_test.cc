#include "columnar/batch_writer.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/extension/json.h"
#include "arrow/extension/uuid.h"
#include "arrow/io/memory.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/testing/sample_batches.h"
#include "gtest/gtest.h"
#include "simdjson.h"

namespace pintail::columnar {
namespace {

using testing::BufferOf;
using testing::FromJson;
using testing::OneColumn;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

std::string Written(Format format, const std::shared_ptr<arrow::Schema>& schema,
                    const std::vector<BatchPtr>& batches) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = MakeBatchWriter(format, schema, output.get()).ValueOrDie();
  for (const auto& batch : batches) {
    EXPECT_TRUE(writer->Write(*batch).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_FALSE(output->closed());
  return output->Finish().ValueOrDie()->ToString();
}

std::string Written(Format format, const BatchPtr& batch) {
  return Written(format, batch->schema(), {batch});
}

// The JSON of the rows of one column, without the frame around them.
std::vector<std::string> Cells(const std::shared_ptr<arrow::Array>& array) {
  const std::string text = Written(Format::kNdjson, OneColumn(array));
  std::vector<std::string> cells;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    EXPECT_TRUE(line.starts_with(R"({"c":)") && line.ends_with("}")) << line;
    cells.push_back(line.substr(5, line.size() - 6));
    begin = end + 1;
  }
  return cells;
}

TEST(NdjsonWriter, WritesTheValuesOfEachType) {
  using namespace arrow;  // NOLINT: a table of type factories
  const struct {
    std::shared_ptr<DataType> type;
    std::string json;
    std::vector<std::string> expected;
  } kCases[] = {
      {null(), "[null]", {"null"}},
      {boolean(), "[true, null, false]", {"true", "null", "false"}},
      {int64(),
       "[-9223372036854775808, 9223372036854775807]",
       {"-9223372036854775808", "9223372036854775807"}},
      {uint64(), "[18446744073709551615]", {"18446744073709551615"}},
      {int8(), "[-128]", {"-128"}},
      {float64(), "[1, 0.1, 1e300, -2.5]", {"1.0", "0.1", "1e+300", "-2.5"}},
      {float32(), "[0.1]", {"0.1"}},
      {float16(), "[1.5]", {"1.5"}},
      {decimal32(5, 2), R"(["-0.05"])", {R"("-0.05")"}},
      {decimal64(15, 3), R"(["123456789012.345"])", {R"("123456789012.345")"}},
      {decimal128(38, 2),
       R"(["123456789012345678901234567890123456.78"])",
       {R"("123456789012345678901234567890123456.78")"}},
      {decimal128(10, 8), R"(["0.00000001"])", {R"("0.00000001")"}},
      {decimal256(50, 0),
       R"(["12345678901234567890123456789012345678901234567890"])",
       {R"("12345678901234567890123456789012345678901234567890")"}},
      {utf8(), R"(["a\"b\\c\n", "", null])", {R"("a\"b\\c\n")", R"("")", "null"}},
      {utf8_view(),
       R"(["a text that is longer than twelve"])",
       {R"("a text that is longer than twelve")"}},
      {binary(), R"(["foob", ""])", {R"("Zm9vYg==")", R"("")"}},
      {fixed_size_binary(3), R"(["foo"])", {R"("Zm9v")"}},
      {date32(), "[19782]", {R"("2024-02-29")"}},
      {date64(), "[1709164800000, -86400000]", {R"("2024-02-29")", R"("1969-12-31")"}},
      {time64(TimeUnit::MICRO), "[3723000004]", {R"("01:02:03.000004")"}},
      {timestamp(TimeUnit::MILLI), "[1700000000123]", {R"("2023-11-14T22:13:20.123")"}},
      {timestamp(TimeUnit::SECOND, "Europe/Berlin"),
       "[1700000000]",
       {R"("2023-11-14T22:13:20Z")"}},
      {duration(TimeUnit::MILLI), "[1500]", {R"("PT1.5S")"}},
      {month_interval(), "[14]", {R"("P14M")"}},
      {day_time_interval(), "[[1, 2000]]", {R"("P1DT2S")"}},
      {month_day_nano_interval(), "[[1, 2, 3000000000]]", {R"("P1M2DT3S")"}},
      {list(int32()), "[[1, null], [], null]", {"[1,null]", "[]", "null"}},
      {large_list(utf8()), R"([["x"]])", {R"(["x"])"}},
      {list_view(int32()), "[[1, 2]]", {"[1,2]"}},
      {fixed_size_list(float32(), 2), "[[1, 2.5]]", {"[1.0,2.5]"}},
      {struct_({field("a\"b", int32()), field("s", utf8())}),
       R"([[1, "x"], null])",
       {R"({"a\"b":1,"s":"x"})", "null"}},
      {struct_(FieldVector{}), "[{}]", {"{}"}},
      {map(utf8(), int32()),
       R"([[["k", 1], ["l", null]], []])",
       {R"({"k":1,"l":null})", "{}"}},
      {map(int32(), boolean()), "[[[7, true]]]", {R"({"7":true})"}},
      {dense_union({field("i", int32()), field("s", utf8())}, {2, 5}),
       R"([[2, 1], [5, "a"], [2, null]])",
       {R"({"i":1})", R"({"s":"a"})", "null"}},
      {sparse_union({field("i", int32()), field("s", utf8())}, {0, 1}),
       R"([[1, "a"]])",
       {R"({"s":"a"})"}},
      {dictionary(int8(), utf8()), "", {R"("a")", "null", R"("b")"}},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Cells(FromJson(c.type, c.json)), c.expected) << c.type->ToString();
  }
}

TEST(NdjsonWriter, WritesWhatIsNoNumberAsAString) {
  arrow::DoubleBuilder builder;
  const double infinity = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(builder.AppendValues({std::nan(""), infinity, -infinity}).ok());
  EXPECT_EQ(Cells(builder.Finish().ValueOrDie()),
            (std::vector<std::string>{R"("NaN")", R"("Infinity")", R"("-Infinity")"}));
}

TEST(NdjsonWriter, WritesRunsAndSlices) {
  const auto runs =
      arrow::RunEndEncodedArray::Make(5, FromJson(arrow::int16(), "[2, 3, 5]"),
                                      FromJson(arrow::utf8(), R"(["a", null, "b"])"))
          .ValueOrDie();
  EXPECT_EQ(Cells(runs->Slice(1, 3)),
            (std::vector<std::string>{R"("a")", "null", R"("b")"}));
  const auto lists = FromJson(arrow::list(arrow::int32()), "[[1], [2, 3], [4]]");
  EXPECT_EQ(Cells(lists->Slice(1)), (std::vector<std::string>{"[2,3]", "[4]"}));
  const auto structs = FromJson(arrow::struct_({arrow::field("x", arrow::int32())}),
                                R"([{"x": 1}, {"x": 2}])");
  EXPECT_EQ(Cells(structs->Slice(1)), (std::vector<std::string>{R"({"x":2})"}));
  const auto fixed =
      FromJson(arrow::fixed_size_list(arrow::int8(), 2), "[[1, 2], [3, 4]]");
  EXPECT_EQ(Cells(fixed->Slice(1)), (std::vector<std::string>{"[3,4]"}));
}

TEST(NdjsonWriter, WritesExtensionsAsTheirText) {
  const auto uuid = arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(),
      FromJson(arrow::fixed_size_binary(16), R"(["0123456789abcdef"])"));
  EXPECT_EQ(Cells(uuid),
            (std::vector<std::string>{R"("30313233-3435-3637-3839-616263646566")"}));
  const auto json = arrow::ExtensionType::WrapArray(
      arrow::extension::json(), FromJson(arrow::utf8(), R"(["{\"a\": 1}", null])"));
  EXPECT_EQ(Cells(json), (std::vector<std::string>{R"("{\"a\": 1}")", "null"}));
}

TEST(NdjsonWriter, WritesValidJsonForEveryType) {
  const std::string text = Written(Format::kNdjson, testing::BatchOfAllTypes());
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::dom::document_stream rows;
  ASSERT_EQ(parser.parse_many(padded).get(rows), simdjson::SUCCESS);
  size_t count = 0;
  for (auto row : rows) {
    simdjson::dom::object object;
    ASSERT_EQ(row.get_object().get(object), simdjson::SUCCESS);
    EXPECT_EQ(object.size(),
              static_cast<size_t>(testing::BatchOfAllTypes()->num_columns()));
    ++count;
  }
  EXPECT_EQ(count, 3u);
}

TEST(JsonWriter, WritesOneArrayOverAllBatches) {
  const auto batch = OneColumn(FromJson(arrow::int32(), "[1, 2]"));
  const auto empty = batch->Slice(0, 0);
  EXPECT_EQ(Written(Format::kJson, batch->schema(), {empty, batch, empty, batch}),
            "[{\"c\":1},\n{\"c\":2},\n{\"c\":1},\n{\"c\":2}]");
  EXPECT_EQ(Written(Format::kJson, batch->schema(), {}), "[]");
  EXPECT_EQ(Written(Format::kNdjson, batch->schema(), {}), "");
}

TEST(CsvWriter, QuotesAsTheRfcSays) {
  const auto schema = arrow::schema(
      {arrow::field("plain", arrow::utf8()), arrow::field("a,b", arrow::int32())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 5,
      {FromJson(arrow::utf8(), R"(["x", "a,b", "say \"hi\"", "two\nlines", ""])"),
       FromJson(arrow::int32(), "[1, null, 3, 4, 5]")});
  EXPECT_EQ(Written(Format::kCsv, batch),
            "plain,\"a,b\"\n"
            "x,1\n"
            "\"a,b\",\n"
            "\"say \"\"hi\"\"\",3\n"
            "\"two\nlines\",4\n"
            "\"\",5\n");
}

TEST(CsvWriter, WritesNestedValuesAsJsonAndTheHeaderAlone) {
  const auto batch = OneColumn(FromJson(arrow::list(arrow::int32()), "[[1, 2], null]"));
  EXPECT_EQ(Written(Format::kCsv, batch), "c\n\"[1,2]\"\n\n");
  EXPECT_EQ(Written(Format::kCsv, batch->schema(), {}), "c\n");
}

std::shared_ptr<arrow::Table> ReadBack(Format format, const std::string& bytes) {
  auto input =
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = OpenBatchReader(format, input, {}).ValueOrDie();
  return reader->ToTable().ValueOrDie();
}

TEST(ArrowWriters, GiveBackEveryTypeUnchanged) {
  const auto batch = testing::BatchOfAllTypes();
  const auto expected = arrow::Table::FromRecordBatches({batch, batch}).ValueOrDie();
  for (const Format format : {Format::kArrowStream, Format::kArrowFile}) {
    const auto table = ReadBack(format, Written(format, batch->schema(), {batch, batch}));
    EXPECT_TRUE(table->Equals(*expected)) << FormatName(format);
  }
}

TEST(ParquetWriter, GivesBackWhatParquetHolds) {
  const auto schema =
      arrow::schema({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("l", arrow::list(arrow::float64()))});
  const auto batch = arrow::RecordBatch::Make(
      schema, 2,
      {FromJson(arrow::int64(), "[1, null]"), FromJson(arrow::utf8(), R"(["a", ""])"),
       FromJson(arrow::list(arrow::float64()), "[[1.5], []]")});
  const auto table =
      ReadBack(Format::kParquet, Written(Format::kParquet, schema, {batch, batch}));
  EXPECT_TRUE(
      table->Equals(*arrow::Table::FromRecordBatches({batch, batch}).ValueOrDie()));
}

TEST(ParquetWriter, RefusesWhatParquetDoesNotHold) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = MakeBatchWriter(
      Format::kParquet,
      arrow::schema({arrow::field(
          "u", arrow::sparse_union({arrow::field("i", arrow::int32())}, {0}))}),
      output.get());
  EXPECT_EQ(base::KindOf(writer.status()), base::ErrorKind::kUnimplemented);
}

TEST(TextWriters, AreReadBackByOurReaders) {
  const auto schema = arrow::schema(
      {arrow::field("i", arrow::int64()), arrow::field("d", arrow::float64()),
       arrow::field("s", arrow::utf8()), arrow::field("b", arrow::boolean())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 3,
      {FromJson(arrow::int64(), "[1, null, 9223372036854775807]"),
       FromJson(arrow::float64(), "[1, 0.1, null]"),
       FromJson(arrow::utf8(), R"(["a\"b,\n", "", null])"),
       FromJson(arrow::boolean(), "[true, null, false]")});
  const auto expected = arrow::Table::FromRecordBatches({batch}).ValueOrDie();
  for (const Format format : {Format::kCsv, Format::kNdjson}) {
    const auto table = ReadBack(format, Written(format, batch));
    EXPECT_TRUE(table->Equals(*expected)) << FormatName(format) << table->ToString();
  }
}

TEST(JsonWriter, NumbersEqualNames) {
  const auto field = [](const char* name) { return arrow::field(name, arrow::int64()); };
  const auto schema =
      arrow::schema({field("a"), field("a"), field("a:1"), field("b"), field("a")});
  const auto one = FromJson(arrow::int64(), "[1]");
  const auto batch = arrow::RecordBatch::Make(schema, 1, {one, one, one, one, one});
  EXPECT_EQ(Written(Format::kNdjson, schema, {batch}),
            "{\"a\":1,\"a:2\":1,\"a:1\":1,\"b\":1,\"a:3\":1}\n");
}

}  // namespace
}  // namespace pintail::columnar
