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
#include "columnar/testing/read_write.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;
using testing::BodyOf;
using testing::FromJson;
using ::testing::HasSubstr;
using testing::OneColumn;
using testing::ReadAll;
using testing::Written;

ErrorKind KindOfReading(Format format, const std::string& text,
                        const BatchReaderOptions& options = {}) {
  const auto table = ReadAll(format, text, options);
  EXPECT_FALSE(table.ok());
  return base::KindOf(table.status());
}

std::shared_ptr<arrow::Table> Numbers(int64_t rows) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(numbers.Append(i).ok());
    EXPECT_TRUE(texts.Append("text " + std::to_string(i)).ok());
  }
  return arrow::Table::Make(
      arrow::schema(
          {arrow::field("n", arrow::int64()), arrow::field("t", arrow::utf8())}),
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
        OpenBatchReader(format, BodyOf(Written(format, *table)), options).ValueOrDie();
    int64_t rows = 0;
    while (auto batch = reader->Next().ValueOrDie()) {
      EXPECT_LE(batch->num_rows(), 777) << FormatName(format);
      rows += batch->num_rows();
    }
    EXPECT_EQ(rows, 10'000) << FormatName(format);
  }
}

TEST(OpenBatchReader, RefusesWhatIsNotOfTheFormat) {
  for (const Format format :
       {Format::kArrowStream, Format::kArrowFile, Format::kParquet}) {
    for (const std::string& text : {std::string(), std::string("x"),
                                    std::string("not of this format at all, sorry"),
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

TEST(OpenBatchReader, SaysThatAnInputIsEmpty) {
  const struct {
    Format format;
    const char* message;
  } kCases[] = {
      {Format::kArrowStream, "the Arrow IPC stream is empty"},
      {Format::kArrowFile, "an Arrow IPC file cannot be of 0 bytes"},
      {Format::kParquet, "a Parquet file cannot be of 0 bytes"},
      {Format::kCsv, "the CSV text is empty"},
      {Format::kNdjson, "the NDJSON text is empty"},
  };
  for (const auto& c : kCases) {
    const auto table = ReadAll(c.format, std::string());
    ASSERT_FALSE(table.ok()) << c.message;
    EXPECT_THAT(table.status().message(), HasSubstr(c.message));
  }
}

TEST(OpenBatchReader, RefusesTruncatedInputs) {
  const auto table = Numbers(1000);
  for (const Format format :
       {Format::kArrowStream, Format::kArrowFile, Format::kParquet}) {
    const std::string whole = Written(format, *table);
    for (const size_t cut : {whole.size() / 4, whole.size() / 2, whole.size() - 20}) {
      EXPECT_EQ(KindOfReading(format, whole.substr(0, cut)), ErrorKind::kInvalidArgument)
          << FormatName(format) << " cut at " << cut;
    }
  }
}

std::shared_ptr<arrow::Table> Wide(int columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int i = 0; i < columns; ++i) {
    fields.push_back(arrow::field("c" + std::to_string(i), arrow::int32()));
    arrays.push_back(FromJson(arrow::int32(), "[1]"));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
}

TEST(OpenBatchReader, RefusesASchemaThatIsTooLargeBeforeItIsBuilt) {
  BatchReaderOptions options;
  options.limits.max_columns = 4;
  for (const Format format :
       {Format::kArrowStream, Format::kArrowFile, Format::kParquet}) {
    const auto open = [&](int columns) {
      return OpenBatchReader(format, BodyOf(Written(format, *Wide(columns))), options);
    };
    EXPECT_TRUE(open(4).ok()) << FormatName(format) << open(4).status().ToString();
    const arrow::Status status = open(5).status();
    ASSERT_FALSE(status.ok()) << FormatName(format);
    EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
    EXPECT_EQ(status.message(),
              "the schema has 5 columns; the limit is 4 (limits.max_columns)");
  }
}

TEST(OpenBatchReader, LooksAtTheMetadataOfEveryMessageOfAFileFirst) {
  std::string file = Written(Format::kArrowFile, *Numbers(10));
  // The last message is the batch: its metadata begin behind the mark and the length.
  const std::string mark = "\xFF\xFF\xFF\xFF";
  const size_t end = file.rfind(mark);  // the end of the stream that is in the file
  const size_t batch = file.rfind(mark, end - 1);
  file.replace(batch + 8, 4, "\x00\x00\x00\x01", 4);
  const auto reader = OpenBatchReader(Format::kArrowFile, BodyOf(file), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_THAT(reader.status().message(), HasSubstr("leads outside itself"));
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
    EXPECT_TRUE((*read)->Equals(*arrow::Table::FromRecordBatches({batch}).ValueOrDie()));
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
        OpenBatchReader(Format::kArrowStream, BodyOf(bomb), options).ValueOrDie();
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
  for (const int64_t claim : {int64_t{1} << 62, int64_t{1} << 40, int64_t{1} << 30,
                              int64_t{65}, int64_t{63}, int64_t{0}, int64_t{-2}}) {
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
    return OneColumn(arrow::DictionaryArray::FromArrays(type,
                                                        FromJson(arrow::int8(), indexes),
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
    ASSERT_TRUE(writer->WriteRecordBatch(*batch_of(R"(["a", "b", "c"])", "[2, 2]")).ok());
    ASSERT_TRUE(writer->Close().ok());
    const auto table =
        ReadAll(Format::kArrowStream, output->Finish().ValueOrDie()->ToString());
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
    EXPECT_EQ(
        KindOfReading(Format::kArrowStream, output->Finish().ValueOrDie()->ToString()),
        ErrorKind::kInvalidArgument)
        << depth;
  }
}

TEST(Parquet, RefusesBombs) {
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("b", arrow::binary())}),
      arrow::ArrayVector{
          arrow::MakeArrayFromScalar(arrow::BinaryScalar(arrow::Buffer::FromString(
                                         std::string(int64_t{8} << 20, '\0'))),
                                     4)
              .ValueOrDie()});
  const std::string bomb = Written(Format::kParquet, *table);
  ASSERT_LT(bomb.size(), size_t{1} << 20);
  BatchReaderOptions options;
  options.limits.max_batch_bytes = int64_t{16} << 20;
  EXPECT_EQ(KindOfReading(Format::kParquet, bomb, options),
            ErrorKind::kResourceExhausted);
}

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

// A file whose only column is nested `depth` groups deep, in Thrift's compact protocol:
// each field is a byte of (step of its id, type), integers are zigzag varints.
std::string DeepParquet(int64_t depth) {
  const std::string group =
      "\x35\x02"   // 3: repetition_type = optional
      "\x18\x01g"  // 4: name = "g"
      "\x15\x02"   // 5: num_children = 1
      + std::string(1, '\0');
  const std::string leaf =
      "\x15\x02"   // 1: type = INT32
      "\x25\x02"   // 3: repetition_type = optional
      "\x18\x01l"  // 4: name = "l"
      + std::string(1, '\0');
  std::string footer =
      "\x15\x02"  // 1: version = 1
      "\x19\xFC" +
      Varint(static_cast<uint64_t>(depth) + 1);  // 2: schema
  for (int64_t i = 0; i < depth; ++i) footer += group;
  footer += leaf;
  footer += std::string("\x16\x00\x19\x0C", 4);  // 3: num_rows = 0, 4: no row groups
  footer.push_back('\0');
  const auto length = static_cast<uint32_t>(footer.size());
  return "PAR1" + footer + std::string(reinterpret_cast<const char*>(&length), 4) +
         "PAR1";
}

TEST(Parquet, RefusesASchemaThatIsNestedAbsurdly) {
  EXPECT_TRUE(ReadAll(Format::kParquet, DeepParquet(10)).ok())
      << ReadAll(Format::kParquet, DeepParquet(10)).status().ToString();
  for (const int64_t depth : {100, 10'000, 200'000, 1'000'000}) {
    EXPECT_EQ(KindOfReading(Format::kParquet, DeepParquet(depth)),
              ErrorKind::kInvalidArgument)
        << depth;
  }
}

TEST(Parquet, RefusesMoreThanTheDecompressedLimit) {
  BatchReaderOptions options;
  options.limits.max_decompressed_bytes = 100'000;
  EXPECT_EQ(KindOfReading(Format::kParquet, Written(Format::kParquet, *Numbers(20'000)),
                          options),
            ErrorKind::kResourceExhausted);
}

}  // namespace
}  // namespace pintail::columnar
