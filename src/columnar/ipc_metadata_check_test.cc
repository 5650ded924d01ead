#include "columnar/ipc_metadata_check.h"

#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/message.h"
#include "arrow/ipc/writer.h"
#include "base/error.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using arrow::field;
using arrow::int32;
using base::ErrorKind;
using ::testing::HasSubstr;

// In memory of its own and of just this size, so that a sanitizer sees what is read past
// its end.
arrow::Status CheckMessage(const std::string& message, const Limits& limits = {}) {
  const std::vector<uint8_t> bytes(message.begin(), message.end());
  return CheckIpcMessage(bytes, limits);
}

arrow::Status CheckFooter(const std::string& footer, const Limits& limits = {}) {
  const std::vector<uint8_t> bytes(footer.begin(), footer.end());
  ARROW_RETURN_NOT_OK(CheckIpcFooter(bytes, limits));
  return IpcBlocks(bytes).status();
}

// The metadata of the messages of a stream.
std::vector<std::string> MessagesOf(const arrow::RecordBatch& batch) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeStreamWriter(output, batch.schema()).ValueOrDie();
  EXPECT_TRUE(writer->WriteRecordBatch(batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  arrow::io::BufferReader input(output->Finish().ValueOrDie());
  auto reader = arrow::ipc::MessageReader::Open(&input);
  std::vector<std::string> messages;
  while (auto message = reader->ReadNextMessage().ValueOrDie()) {
    messages.push_back(message->metadata()->ToString());
  }
  return messages;
}

std::string MessageOf(const arrow::Schema& schema) {
  arrow::io::BufferReader input(arrow::ipc::SerializeSchema(schema).ValueOrDie());
  return arrow::ipc::MessageReader::Open(&input)
      ->ReadNextMessage()
      .ValueOrDie()
      ->metadata()
      ->ToString();
}

std::string FileOf(const std::shared_ptr<arrow::Schema>& schema,
                   const arrow::RecordBatchVector& batches) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeFileWriter(output, schema).ValueOrDie();
  for (const auto& batch : batches) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return output->Finish().ValueOrDie()->ToString();
}

std::string FooterOf(const std::string& file) {
  int32_t length;
  std::memcpy(&length, file.data() + file.size() - 10, sizeof(length));
  return file.substr(file.size() - 10 - static_cast<size_t>(length),
                     static_cast<size_t>(length));
}

std::shared_ptr<arrow::DataType> NestedLists(int depth) {
  auto type = int32();
  for (int i = 1; i < depth; ++i) type = arrow::list(type);
  return type;
}

std::shared_ptr<arrow::Schema> Columns(int count) {
  arrow::FieldVector fields;
  for (int i = 0; i < count; ++i) fields.push_back(field(std::to_string(i), int32()));
  return arrow::schema(std::move(fields));
}

TEST(IpcMetadata, OfEveryTypeIsAccepted) {
  const auto batch = testing::BatchOfAllTypes();
  for (const std::string& message : MessagesOf(*batch)) {
    EXPECT_TRUE(CheckMessage(message).ok()) << CheckMessage(message).ToString();
  }
  const std::string file = FileOf(batch->schema(), {batch});
  EXPECT_TRUE(CheckFooter(FooterOf(file)).ok()) << CheckFooter(FooterOf(file)).ToString();
  const std::string footer = FooterOf(file);
  const std::vector<uint8_t> bytes(footer.begin(), footer.end());
  const auto blocks = IpcBlocks(bytes).ValueOrDie();
  EXPECT_GT(blocks.size(), 1U);  // the dictionaries, and the batch
  for (const IpcBlock& block : blocks) {
    EXPECT_EQ(file.substr(static_cast<size_t>(block.offset), 4), "\xFF\xFF\xFF\xFF");
    EXPECT_GT(block.metadata_bytes, 8);
    EXPECT_LT(block.offset + block.metadata_bytes, static_cast<int64_t>(file.size()));
  }
}

TEST(IpcMetadata, ReachesItsLimitsAndNoFurther) {
  Limits limits;
  limits.max_columns = 3;
  limits.max_fields = 6;
  limits.max_nesting = 4;
  const auto pair = arrow::struct_({field("x", int32()), field("y", int32())});
  const auto wide = arrow::schema({field("a", pair), field("b", pair)});
  EXPECT_TRUE(CheckMessage(MessageOf(*Columns(3)), limits).ok());
  EXPECT_TRUE(CheckMessage(MessageOf(*wide), limits).ok());
  EXPECT_TRUE(
      CheckMessage(MessageOf(*arrow::schema({field("a", NestedLists(4))})), limits).ok());

  const struct {
    std::shared_ptr<arrow::Schema> schema;
    std::string message;
  } kCases[] = {
      {Columns(4), "the schema has 4 columns; the limit is 3 (limits.max_columns)"},
      {arrow::schema({field("a", pair), field("b", pair), field("c", int32())}),
       "the schema has 7 fields or more, nested ones counted; the limit is 6 "
       "(limits.max_fields)"},
      {arrow::schema({field("a", NestedLists(5))}),
       "nested more than 4 levels deep (limits.max_nesting)"},
      {arrow::schema({field("a", arrow::dictionary(int32(), NestedLists(5)))}),
       "nested more than 4 levels deep (limits.max_nesting)"},
  };
  for (const auto& c : kCases) {
    for (const arrow::Status& status :
         {CheckMessage(MessageOf(*c.schema), limits),
          CheckFooter(FooterOf(FileOf(c.schema, {})), limits)}) {
      EXPECT_FALSE(status.ok()) << c.message;
      if (status.ok()) continue;
      EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
      EXPECT_THAT(status.message(), HasSubstr(c.message));
    }
  }
}

// Flatbuffers by hand: offsets lead forward, a table's list of fields may come before or
// after it.
class HandMade {
 public:
  size_t size() const { return bytes_.size(); }
  template <typename T>
  size_t Put(T value) {
    const size_t at = bytes_.size();
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return at;
  }
  // An offset that is filled in by Lead.
  size_t Hole() { return Put<uint32_t>(0); }
  void Lead(size_t hole, size_t target) {
    const auto offset = static_cast<uint32_t>(target - hole);
    std::memcpy(bytes_.data() + hole, &offset, sizeof(offset));
  }
  // A list of fields, each at its offset in the table; 0 for one that is not written.
  size_t Fields(const std::vector<uint16_t>& offsets) {
    const size_t at = Put(static_cast<uint16_t>(4 + 2 * offsets.size()));
    Put<uint16_t>(64);
    for (const uint16_t offset : offsets) Put(offset);
    return at;
  }
  void BeginTable(size_t fields) {
    Put(static_cast<int32_t>(static_cast<int64_t>(bytes_.size()) -
                             static_cast<int64_t>(fields)));
  }
  size_t Text(size_t length) {
    const size_t at = Put(static_cast<uint32_t>(length));
    bytes_.append(length + 1, 'x');
    return at;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A schema message whose fields are put together by `make_fields`, which is given where
// the offset to the vector of fields stands.
std::string SchemaMessage(const std::function<void(HandMade&, size_t)>& make_fields) {
  HandMade made;
  const size_t root = made.Hole();
  const size_t message_fields = made.Fields({0, 4, 8});
  const size_t schema_fields = made.Fields({0, 4});
  made.Lead(root, made.size());
  made.BeginTable(message_fields);
  made.Put<uint32_t>(1);  // the header is a schema
  const size_t schema = made.Hole();
  made.Lead(schema, made.size());
  made.BeginTable(schema_fields);
  make_fields(made, made.Hole());
  return made.bytes();
}

TEST(IpcMetadata, ThatUsesOneNameForManyColumnsIsRefused) {
  const auto with_names_of = [](size_t length) {
    return SchemaMessage([&](HandMade& made, size_t hole) {
      const size_t name_only = made.Fields({4});
      made.Lead(hole, made.size());
      made.Put<uint32_t>(1000);
      std::vector<size_t> columns;
      for (int i = 0; i < 1000; ++i) columns.push_back(made.Hole());
      for (const size_t column : columns) made.Lead(column, made.size());
      made.BeginTable(name_only);
      const size_t name = made.Hole();
      made.Lead(name, made.size());
      made.Text(length);
    });
  };
  EXPECT_TRUE(CheckMessage(with_names_of(100)).ok())
      << CheckMessage(with_names_of(100)).ToString();
  // A gigabyte of names in a message of a megabyte.
  const arrow::Status status = CheckMessage(with_names_of(1 << 20));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("amount to more than"));
}

TEST(IpcMetadata, ThatUsesItsFieldsManyTimesOverIsCountedAsArrowWouldBuildIt) {
  // 2^40 columns of columns: each level has the next one twice.
  const std::string message = SchemaMessage([](HandMade& made, size_t hole) {
    const size_t children_only = made.Fields({0, 0, 0, 0, 0, 4});
    for (int level = 0; level < 40; ++level) {
      made.Lead(hole, made.size());
      made.Put<uint32_t>(2);
      const size_t first = made.Hole();
      const size_t second = made.Hole();
      made.Lead(first, made.size());
      made.Lead(second, made.size());
      made.BeginTable(children_only);
      hole = made.Hole();
    }
    made.Lead(hole, made.size());
    made.Put<uint32_t>(0);
  });
  const arrow::Status status = CheckMessage(message);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("100002 fields or more"));
}

TEST(IpcMetadata, CutAnywhereIsReadNoFurther) {
  const auto batch = testing::BatchOfAllTypes();
  std::vector<std::string> wholes = MessagesOf(*batch);
  for (const std::string& whole : wholes) {
    for (size_t end = 0; end < whole.size(); ++end) {
      const arrow::Status status = CheckMessage(whole.substr(0, end));
      if (status.ok()) continue;
      EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
    }
    EXPECT_FALSE(CheckMessage(whole.substr(0, 16)).ok());
  }
  const std::string footer = FooterOf(FileOf(batch->schema(), {batch}));
  for (size_t end = 0; end < footer.size(); ++end) {
    (void)CheckFooter(footer.substr(0, end));
  }
  EXPECT_FALSE(CheckFooter("").ok());
  EXPECT_FALSE(CheckFooter(footer.substr(0, 16)).ok());
}

TEST(IpcMetadata, WithAnyBitFlippedEndsInAnAnswer) {
  const auto batch = testing::BatchOfAllTypes();
  const std::string schema = MessagesOf(*batch)[0];
  const std::string footer = FooterOf(FileOf(batch->schema(), {batch}));
  int refused = 0;
  for (size_t bit = 0; bit < 8 * schema.size(); ++bit) {
    std::string mutant = schema;
    mutant[bit / 8] = static_cast<char>(mutant[bit / 8] ^ (1 << bit % 8));
    if (!CheckMessage(mutant).ok()) ++refused;
  }
  EXPECT_GT(refused, 1000);
  for (size_t bit = 0; bit < 8 * footer.size(); ++bit) {
    std::string mutant = footer;
    mutant[bit / 8] = static_cast<char>(mutant[bit / 8] ^ (1 << bit % 8));
    (void)CheckFooter(mutant);
  }
}

TEST(IpcMetadata, OfRandomBytesEndsInAnAnswer) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 200, '\0');
    // Small numbers, so that the offsets lead to something.
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 ? 0 : random() % 32);
    (void)CheckMessage(bytes);
    (void)CheckFooter(bytes);
  }
}

}  // namespace
}  // namespace pintail::columnar
