// Each format, honest and hostile, through OpenBatchReader and Validated.
#include "columnar/batch_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/writer.h"
#include "arrow/util/compression.h"
#include "base/error.h"
#include "columnar/batch_writer.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;
using testing::FromJson;
using testing::OneColumn;
using ::testing::HasSubstr;
using TableResult = arrow::Result<std::shared_ptr<arrow::Table>>;

// A body as it comes from a connection: it cannot seek, and comes in pieces.
class Body final : public arrow::io::InputStream {
 public:
  explicit Body(std::string text) : text_(std::move(text)) {}
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override {
    const auto left = static_cast<int64_t>(text_.size()) - at_;
    const int64_t count = std::min({nbytes, int64_t{1000}, left});
    std::memcpy(out, text_.data() + at_, static_cast<size_t>(count));
    at_ += count;
    return count;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override {
    std::string piece(static_cast<size_t>(std::min(nbytes, int64_t{1000})), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t read,
                          Read(static_cast<int64_t>(piece.size()), piece.data()));
    piece.resize(static_cast<size_t>(read));
    return arrow::Buffer::FromString(std::move(piece));
  }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return at_; }

 private:
  const std::string text_;
  int64_t at_ = 0;
};

TableResult ReadAll(Format format, std::shared_ptr<arrow::io::InputStream> input,
                    const BatchReaderOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenBatchReader(format, std::move(input), options));
  ARROW_ASSIGN_OR_RAISE(reader, Validated(std::move(reader), options.limits));
  return reader->ToTable();
}

TableResult ReadAll(Format format, const std::string& text,
                    const BatchReaderOptions& options = {}) {
  return ReadAll(format, std::make_shared<Body>(text), options);
}

ErrorKind KindOfReading(Format format, const std::string& text,
                        const BatchReaderOptions& options = {}) {
  const auto table = ReadAll(format, text, options);
  EXPECT_FALSE(table.ok());
  return base::KindOf(table.status());
}

std::string Written(Format format, const arrow::Table& table) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = MakeBatchWriter(format, table.schema(), output.get()).ValueOrDie();
  arrow::TableBatchReader batches(table);
  while (auto batch = batches.Next().ValueOrDie()) {
    EXPECT_TRUE(writer->Write(*batch).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  return output->Finish().ValueOrDie()->ToString();
}

std::shared_ptr<arrow::Table> Numbers(int64_t rows) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(numbers.Append(i).ok());
    EXPECT_TRUE(texts.Append("text " + std::to_string(i)).ok());
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("t", arrow::utf8())}),
      arrow::ArrayVector{numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

TEST(OpenBatchReader, ReadsEachFormatFromAnInputThatCannotSeek) {
  const auto table = Numbers(100'000);
  for (const Format format : {Format::kArrowStream, Format::kArrowFile, Format::kParquet,
                              Format::kCsv, Format::kNdjson}) {
    const auto read = ReadAll(format, Written(format, *table));
    ASSERT_TRUE(read.ok()) << FormatName(format) << read.status().ToString();
    EXPECT_TRUE((*read)->Equals(*table)) << FormatName(format);
  }
}

TEST(OpenBatchReader, GivesBatchesOfAtMostTheRowsAskedFor) {
  const auto table = Numbers(10'000);
  for (const Format format : {Format::kParquet, Format::kCsv, Format::kNdjson}) {
    BatchReaderOptions options;
    options.batch_rows = 777;
    auto reader =
        OpenBatchReader(format, std::make_shared<Body>(Written(format, *table)), options)
            .ValueOrDie();
    int64_t rows = 0;
    while (auto batch = reader->Next().ValueOrDie()) {
      EXPECT_LE(batch->num_rows(), 777) << FormatName(format);
      rows += batch->num_rows();
    }
    EXPECT_EQ(rows, 10'000) << FormatName(format);
  }
}

TEST(OpenBatchReader, RefusesWhatIsNotOfTheFormat) {
  for (const Format format : {Format::kArrowStream, Format::kArrowFile, Format::kParquet}) {
    for (const std::string& text :
         {std::string(), std::string("x"), std::string("not of this format at all, sorry"),
          std::string(1000, '\0'), std::string(1000, '\xFF')}) {
      const auto table = ReadAll(format, text);
      // An empty schema with no batches is what a few zeros may mean to Arrow.
      if (table.ok()) {
        EXPECT_EQ((*table)->num_rows(), 0) << FormatName(format);
        continue;
      }
      EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kInvalidArgument)
          << FormatName(format) << table.status().ToString();
    }
  }
  EXPECT_EQ(KindOfReading(Format::kJson, "[]"), ErrorKind::kInvalidArgument);
}

TEST(OpenBatchReader, RefusesTruncatedInputs) {
  const auto table = Numbers(1000);
  for (const Format format : {Format::kArrowStream, Format::kArrowFile, Format::kParquet}) {
    const std::string whole = Written(format, *table);
    for (const size_t cut : {whole.size() / 4, whole.size() / 2, whole.size() - 20}) {
      EXPECT_EQ(KindOfReading(format, whole.substr(0, cut)), ErrorKind::kInvalidArgument)
          << FormatName(format) << " cut at " << cut;
    }
  }
}

TEST(OpenBatchReader, KeepsTheErrorOfItsInput) {
  class Gone final : public arrow::io::InputStream {
   public:
    arrow::Result<int64_t> Read(int64_t, void*) override { return Why(); }
    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t) override { return Why(); }
    arrow::Status Close() override { return arrow::Status::OK(); }
    bool closed() const override { return false; }
    arrow::Result<int64_t> Tell() const override { return 0; }

   private:
    static arrow::Status Why() {
      return base::MakeError(ErrorKind::kCancelled, "the client went away");
    }
  };
  for (const Format format : {Format::kArrowStream, Format::kArrowFile, Format::kParquet,
                              Format::kCsv, Format::kNdjson}) {
    const auto table = ReadAll(format, std::make_shared<Gone>());
    EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kCancelled) << FormatName(format);
  }
}

std::string Compressed(const arrow::RecordBatch& batch, arrow::Compression::type type) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.codec = arrow::util::Codec::Create(type).ValueOrDie();
  auto writer =
      arrow::ipc::MakeStreamWriter(output, batch.schema(), options).ValueOrDie();
  EXPECT_TRUE(writer->WriteRecordBatch(batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return output->Finish().ValueOrDie()->ToString();
}

TEST(ArrowStream, ReadsCompressedBodies) {
  const auto batch = Numbers(1000)->CombineChunksToBatch().ValueOrDie();
  for (const auto type : {arrow::Compression::ZSTD, arrow::Compression::LZ4_FRAME}) {
    const auto read = ReadAll(Format::kArrowStream, Compressed(*batch, type));
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_TRUE((*read)->Equals(
        *arrow::Table::FromRecordBatches({batch}).ValueOrDie()));
  }
}

TEST(ArrowStream, RefusesBombs) {
  const int64_t zeros = int64_t{64} << 20;
  const auto batch = OneColumn(
      arrow::MakeArrayFromScalar(*arrow::MakeScalar(int64_t{0}), zeros / 8).ValueOrDie());
  for (const auto type : {arrow::Compression::ZSTD, arrow::Compression::LZ4_FRAME}) {
    const std::string bomb = Compressed(*batch, type);
    ASSERT_LT(bomb.size(), size_t{300} << 10);
    BatchReaderOptions options;
    // lz4 packs no tighter than 255 to 1.
    options.limits.max_compression_ratio = 100;
    const int64_t before = arrow::default_memory_pool()->bytes_allocated();
    auto reader =
        OpenBatchReader(Format::kArrowStream, std::make_shared<Body>(bomb), options)
            .ValueOrDie();
    EXPECT_EQ(base::KindOf(reader->Next().status()), ErrorKind::kResourceExhausted);
    EXPECT_LT(arrow::default_memory_pool()->bytes_allocated() - before,
              int64_t{32} << 20);
  }
}

TEST(ArrowStream, RefusesAnUncompressedLengthThatLies) {
  const auto batch = OneColumn(FromJson(arrow::int64(), "[1, 1, 1, 1, 1, 1, 1, 1]"));
  const std::string honest = Compressed(*batch, arrow::Compression::ZSTD);
  // A compressed buffer begins with its uncompressed length, here 64, and a zstd frame.
  const std::string frame("\x40\0\0\0\0\0\0\0\x28\xB5\x2F\xFD", 12);
  const size_t at = honest.find(frame);
  ASSERT_NE(at, std::string::npos);
  for (const int64_t claim :
       {int64_t{1} << 62, int64_t{1} << 40, int64_t{1} << 30, int64_t{65}, int64_t{63},
        int64_t{0}, int64_t{-2}}) {
    std::string lying = honest;
    std::memcpy(lying.data() + at, &claim, sizeof(claim));
    EXPECT_FALSE(ReadAll(Format::kArrowStream, lying).ok()) << claim;
  }
}

TEST(ArrowStream, RefusesLengthsThatLie) {
  const std::string honest = Written(Format::kArrowStream, *Numbers(10));
  // The stream begins with a continuation marker and the length of the schema.
  for (const int32_t claim : {-2, 1 << 30, 0x7FFFFFFF, 8, 1 << 20}) {
    std::string lying = honest;
    std::memcpy(lying.data() + 4, &claim, sizeof(claim));
    EXPECT_EQ(KindOfReading(Format::kArrowStream, lying), ErrorKind::kInvalidArgument)
        << claim;
  }
}

TEST(ArrowStream, TakesDictionariesThatGrowAndAreReplaced) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto batch_of = [&](const std::string& values, const std::string& indexes) {
    return OneColumn(arrow::DictionaryArray::FromArrays(
                         type, FromJson(arrow::int8(), indexes),
                         FromJson(arrow::utf8(), values))
                         .ValueOrDie());
  };
  for (const bool deltas : {true, false}) {
    auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
    auto options = arrow::ipc::IpcWriteOptions::Defaults();
    options.emit_dictionary_deltas = deltas;
    const auto first = batch_of(R"(["a", "b"])", "[0, 1]");
    auto writer =
        arrow::ipc::MakeStreamWriter(output, first->schema(), options).ValueOrDie();
    ASSERT_TRUE(writer->WriteRecordBatch(*first).ok());
    ASSERT_TRUE(
        writer->WriteRecordBatch(*batch_of(R"(["a", "b", "c"])", "[2, 2]")).ok());
    ASSERT_TRUE(writer->Close().ok());
    const auto table = ReadAll(Format::kArrowStream,
                               output->Finish().ValueOrDie()->ToString());
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_EQ(Written(Format::kCsv, **table), "c\na\nb\nc\nc\n");
  }
}

TEST(ArrowStream, RefusesADictionaryThatShrinksUnderItsIndexes) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto first = OneColumn(
      arrow::DictionaryArray::FromArrays(type, FromJson(arrow::int8(), "[0, 1]"),
                                         FromJson(arrow::utf8(), R"(["a", "b"])"))
          .ValueOrDie());
  auto data = first->column_data(0)->Copy();
  data->dictionary = FromJson(arrow::utf8(), R"(["z"])")->data();
  auto writer = arrow::ipc::MakeStreamWriter(output, first->schema()).ValueOrDie();
  ASSERT_TRUE(writer->WriteRecordBatch(*first).ok());
  ASSERT_TRUE(writer->WriteRecordBatch(*OneColumn(data)).ok());
  ASSERT_TRUE(writer->Close().ok());
  const auto table =
      ReadAll(Format::kArrowStream, output->Finish().ValueOrDie()->ToString());
  EXPECT_EQ(base::KindOf(table.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(table.status().message(), HasSubstr("outside its dictionary"));
}

TEST(ArrowStream, RefusesASchemaThatIsNestedAbsurdly) {
  for (const int depth : {70, 10'000}) {
    auto type = arrow::int32();
    for (int i = 0; i < depth; ++i) type = arrow::list(type);
    auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
    auto options = arrow::ipc::IpcWriteOptions::Defaults();
    options.max_recursion_depth = 100'000;
    const auto schema = arrow::schema({arrow::field("deep", type)});
    auto writer = arrow::ipc::MakeStreamWriter(output, schema, options).ValueOrDie();
    ASSERT_TRUE(writer->Close().ok());
    EXPECT_EQ(KindOfReading(Format::kArrowStream,
                            output->Finish().ValueOrDie()->ToString()),
              ErrorKind::kInvalidArgument)
        << depth;
  }
}

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
      ReadAll(Format::kNdjson,
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

TEST(Parquet, RefusesBombs) {
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("b", arrow::binary())}),
      arrow::ArrayVector{arrow::MakeArrayFromScalar(
                             arrow::BinaryScalar(arrow::Buffer::FromString(
                                 std::string(int64_t{8} << 20, '\0'))),
                             64)
                             .ValueOrDie()});
  const std::string bomb = Written(Format::kParquet, *table);
  ASSERT_LT(bomb.size(), size_t{1} << 20);
  EXPECT_EQ(KindOfReading(Format::kParquet, bomb), ErrorKind::kResourceExhausted);
}

TEST(Parquet, RefusesMoreThanTheDecompressedLimit) {
  BatchReaderOptions options;
  options.limits.max_decompressed_bytes = 100'000;
  EXPECT_EQ(KindOfReading(Format::kParquet,
                          Written(Format::kParquet, *Numbers(20'000)), options),
            ErrorKind::kResourceExhausted);
}

}  // namespace
}  // namespace pintail::columnar
