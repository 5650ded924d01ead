// Mutants of honest inputs of every format and type: whatever becomes of them, reading
// them ends with values or with an error, and never reads what was not sent. The
// mutations are seeded, so that a failure can be seen again.
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/writer.h"
#include "arrow/util/compression.h"
#include "base/error.h"
#include "columnar/batch_writer.h"
#include "columnar/testing/read_every_value.h"
#include "columnar/testing/sample_batches.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

std::string Written(Format format, const BatchPtr& batch) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = MakeBatchWriter(format, batch->schema(), output.get()).ValueOrDie();
  EXPECT_TRUE(writer->Write(*batch).ok());
  EXPECT_TRUE(writer->Write(*batch->Slice(1)).ok());
  EXPECT_TRUE(writer->Close().ok());
  return output->Finish().ValueOrDie()->ToString();
}

std::string WrittenCompressed(const BatchPtr& batch) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  auto writer =
      arrow::ipc::MakeStreamWriter(output, batch->schema(), options).ValueOrDie();
  EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return output->Finish().ValueOrDie()->ToString();
}

// Changes a few bytes: flips, extreme numbers where lengths and offsets may be, pieces
// copied or cut out.
void Mutate(std::mt19937& random, std::string* bytes) {
  static constexpr int64_t kExtremes[] = {0,         1,          -1,         -2,
                                          8,         64,         127,        255,
                                          65'535,    0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                                          1LL << 40, 1LL << 62,  INT64_MAX,  INT64_MIN};
  const auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  const size_t changes = 1 + below(3);
  for (size_t i = 0; i < changes && bytes->size() > 16; ++i) {
    const size_t at = below(bytes->size() - 8);
    switch (below(6)) {
      case 0:
        (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << below(8)));
        break;
      case 1:
        (*bytes)[at] = static_cast<char>(random());
        break;
      case 2:
      case 3: {
        const size_t width = size_t{1} << below(4);
        const size_t aligned = at / width * width;
        std::memcpy(bytes->data() + aligned, &kExtremes[below(std::size(kExtremes))],
                    width);
        break;
      }
      case 4: {
        const size_t length = std::min<size_t>(8 * (1 + below(8)), bytes->size() - at);
        const std::string piece = bytes->substr(at, length);
        bytes->replace(below(bytes->size() - length), length, piece);
        break;
      }
      default:
        bytes->erase(at, 1 + below(16));
        break;
    }
  }
}

void ReadMutants(Format format, const std::string& honest, int count, uint32_t seed) {
  ASSERT_TRUE(testing::ReadEveryValue(format, arrow::Buffer::FromString(honest)).ok());
  for (int i = 0; i < count; ++i) {
    std::mt19937 random(seed + static_cast<uint32_t>(i));
    std::string mutant = honest;
    Mutate(random, &mutant);
    const auto rows =
        testing::ReadEveryValue(format, arrow::Buffer::FromString(std::move(mutant)));
    if (rows.ok()) continue;
    const ErrorKind kind = base::KindOf(rows.status());
    EXPECT_TRUE(kind == ErrorKind::kInvalidArgument ||
                kind == ErrorKind::kResourceExhausted)
        << "seed " << seed + static_cast<uint32_t>(i) << ": " << rows.status().ToString();
  }
}

TEST(Mutation, ArrowStreamsOfEachType) {
  uint32_t seed = 1'000'000;
  for (const auto& array : testing::ArraysOfAllTypes()) {
    SCOPED_TRACE(array->type()->ToString());
    ReadMutants(Format::kArrowStream,
                Written(Format::kArrowStream, testing::OneColumn(array)), 110, seed);
    seed += 1000;
  }
}

TEST(Mutation, ArrowStreamsAndFilesOfAllTypesTogether) {
  const auto batch = testing::BatchOfAllTypes();
  ReadMutants(Format::kArrowStream, Written(Format::kArrowStream, batch), 600, 1);
  ReadMutants(Format::kArrowFile, Written(Format::kArrowFile, batch), 600, 10'000);
  ReadMutants(Format::kArrowStream, WrittenCompressed(batch), 600, 20'000);
}

BatchPtr BatchForParquet() {
  using namespace arrow;  // NOLINT: a table of type factories
  const auto schema =
      arrow::schema({field("i", int32()), field("s", utf8()), field("l", list(int64())),
                     field("d", dictionary(int32(), utf8())), field("b", boolean()),
                     field("t", timestamp(TimeUnit::MICRO)),
                     field("n", decimal128(20, 2)), field("m", map(utf8(), int32()))});
  return RecordBatch::Make(
      schema, 3,
      {testing::FromJson(int32(), "[1, null, 3]"),
       testing::FromJson(utf8(), R"(["a", null, "some longer text than before"])"),
       testing::FromJson(list(int64()), "[[1, null], null, []]"),
       testing::FromJson(dictionary(int32(), utf8()), ""),
       testing::FromJson(boolean(), "[true, null, false]"),
       testing::FromJson(timestamp(TimeUnit::MICRO), "[1, null, 3]"),
       testing::FromJson(decimal128(20, 2), R"(["1.00", null, "-3.25"])"),
       testing::FromJson(map(utf8(), int32()), R"([[["a", 1]], null, []])")});
}

TEST(Mutation, ParquetFiles) {
  ReadMutants(Format::kParquet, Written(Format::kParquet, BatchForParquet()), 1500,
              30'000);
}

TEST(Mutation, TextFormats) {
  const auto batch = BatchForParquet();
  ReadMutants(Format::kNdjson, Written(Format::kNdjson, batch), 500, 40'000);
  ReadMutants(Format::kCsv, Written(Format::kCsv, batch), 500, 50'000);
}

}  // namespace
}  // namespace pintail::columnar
