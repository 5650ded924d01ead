// Uploads by DoPut, plain and by Flight SQL: what is taken in, what is acknowledged, what
// is refused.
#include <string>

#include "arrow/io/memory.h"
#include "arrow/ipc/message.h"
#include "arrow/ipc/writer.h"
#include "flight/testing/door_fixture.h"
#include "flight/testing/raw_client.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightDescriptor;
using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr char kStream[] = R"({"stream_name": "s"})";

class UploadTest : public DoorTest {
 protected:
  // Uploads the batches and gives back the acknowledgements, joined by newlines.
  arrow::Result<std::string> Put(
      const FlightDescriptor& descriptor,
      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    ARROW_ASSIGN_OR_RAISE(auto put,
                          client->DoPut({}, descriptor, batches.front()->schema()));
    for (const auto& batch : batches) {
      ARROW_RETURN_NOT_OK(put.writer->WriteRecordBatch(*batch));
    }
    ARROW_RETURN_NOT_OK(put.writer->DoneWriting());
    std::string text;
    while (true) {
      std::shared_ptr<arrow::Buffer> metadata;
      ARROW_RETURN_NOT_OK(put.reader->ReadMetadata(&metadata));
      if (!metadata) break;
      text += (text.empty() ? "" : "\n") + metadata->ToString();
    }
    ARROW_RETURN_NOT_OK(put.writer->Close());
    return text;
  }

  std::string Address() const { return door->addresses()[0].ToString(); }

  // The IPC messages of a batch, as Flight sends them.
  static std::vector<RawMessage> Messages(
      const std::string& cmd, const std::shared_ptr<arrow::RecordBatch>& batch,
      const arrow::ipc::IpcWriteOptions& options =
          arrow::ipc::IpcWriteOptions::Defaults()) {
    auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
    auto writer =
        arrow::ipc::MakeStreamWriter(output, batch->schema(), options).ValueOrDie();
    EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
    EXPECT_TRUE(writer->Close().ok());
    arrow::io::BufferReader input(output->Finish().ValueOrDie());
    auto reader = arrow::ipc::MessageReader::Open(&input);
    std::vector<RawMessage> messages;
    while (auto message = reader->ReadNextMessage().ValueOrDie()) {
      messages.push_back({messages.empty() ? cmd : "", message->metadata()->ToString(),
                          message->body() ? message->body()->ToString() : ""});
    }
    return messages;
  }
};

TEST_F(UploadTest, AStreamBecomesATableOfItsName) {
  ASSERT_OK_AND_ASSIGN(auto acknowledged, Put(FlightDescriptor::Command(kStream),
                                              {Numbers("a", {1, 2}), Numbers("a", {3})}));
  EXPECT_EQ(Query(*client, "SELECT a FROM s ORDER BY a").ValueOr(""), "1\n2\n3");
  EXPECT_NE(
      acknowledged.find(R"({"rows":3,"commit":1,"done":true,"stream":"s","table":)"),
      std::string::npos)
      << acknowledged;
}

TEST_F(UploadTest, AStreamWithoutANameIsTheDefaultOne) {
  ASSERT_OK(Put(FlightDescriptor::Command("{}"), {Numbers("a", {1})}).status());
  EXPECT_EQ(Query(*client, "SELECT a FROM \"default\"").ValueOr(""), "1");
}

TEST_F(UploadTest, APathIsATable) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE SCHEMA x").status());
  ASSERT_OK(Put(FlightDescriptor::Path({"x", "odd name"}), {Numbers("a", {1})}).status());
  ASSERT_OK(Put(FlightDescriptor::Path({"x.dotted"}), {Numbers("a", {2})}).status());
  EXPECT_EQ(Query(*client, "SELECT a FROM x.\"odd name\"").ValueOr(""), "1");
  EXPECT_EQ(Query(*client, "SELECT a FROM x.dotted").ValueOr(""), "2");
}

// Some producers write, close, and never look for an answer.
TEST_F(UploadTest, NeedsNoReadingOfAnswers) {
  const auto batch = Numbers("a", {1});
  ASSERT_OK_AND_ASSIGN(
      auto put, client->DoPut({}, FlightDescriptor::Command(kStream), batch->schema()));
  ASSERT_OK(put.writer->WriteRecordBatch(*batch));
  ASSERT_OK(put.writer->Close());
  EXPECT_EQ(Query(*client, "SELECT a FROM s").ValueOr(""), "1");
}

TEST_F(UploadTest, EachCommitIsAcknowledged) {
  ASSERT_OK_AND_ASSIGN(
      auto acknowledged,
      Put(FlightDescriptor::Command(R"({"stream_name": "s", "commit_rows": 2})"),
          {Numbers("a", {1, 2}), Numbers("a", {3, 4}), Numbers("a", {5})}));
  EXPECT_NE(acknowledged.find(R"({"rows":2,"commit":1})"), std::string::npos)
      << acknowledged;
  EXPECT_NE(acknowledged.find(R"({"rows":4,"commit":2})"), std::string::npos)
      << acknowledged;
  EXPECT_NE(acknowledged.find(R"({"rows":5,"commit":3,"done":true)"), std::string::npos)
      << acknowledged;
}

TEST_F(UploadTest, IngestsByFlightSqlInEveryMode) {
  using NotExist = arrow::flight::sql::TableDefinitionOptionsTableNotExistOption;
  using Exists = arrow::flight::sql::TableDefinitionOptionsTableExistsOption;
  const auto ingest = [&](NotExist not_exist, Exists exists) {
    auto reader = arrow::RecordBatchReader::Make({Numbers("a", {1, 2})}).ValueOrDie();
    return client->ExecuteIngest({}, reader, {not_exist, exists}, "t", std::nullopt,
                                 std::nullopt, /*temporary=*/false);
  };
  const auto count = [&] {
    return Query(*client, "SELECT count(*) FROM t").ValueOr("none");
  };
  EXPECT_FALSE(ingest(NotExist::kFail, Exists::kAppend).ok());
  EXPECT_FALSE(ingest(NotExist::kFail, Exists::kReplace).ok());
  EXPECT_EQ(ingest(NotExist::kCreate, Exists::kFail).ValueOr(0), 2);
  EXPECT_EQ(count(), "2");
  EXPECT_FALSE(ingest(NotExist::kCreate, Exists::kFail).ok());
  EXPECT_EQ(ingest(NotExist::kCreate, Exists::kAppend).ValueOr(0), 2);
  EXPECT_EQ(count(), "4");
  EXPECT_EQ(ingest(NotExist::kFail, Exists::kAppend).ValueOr(0), 2);
  EXPECT_EQ(count(), "6");
  EXPECT_EQ(ingest(NotExist::kCreate, Exists::kReplace).ValueOr(0), 2);
  EXPECT_EQ(count(), "2");
  EXPECT_EQ(ingest(NotExist::kFail, Exists::kReplace).ValueOr(0), 2);
  EXPECT_EQ(count(), "2");
  EXPECT_FALSE(ingest(NotExist::kFail, Exists::kFail).ok());
  EXPECT_FALSE(ingest(NotExist::kUnspecified, Exists::kAppend).ok());
}

TEST_F(UploadTest, IngestsTemporarilyAndInATransaction) {
  using NotExist = arrow::flight::sql::TableDefinitionOptionsTableNotExistOption;
  using Exists = arrow::flight::sql::TableDefinitionOptionsTableExistsOption;
  auto reader = arrow::RecordBatchReader::Make({Numbers("a", {1, 2})}).ValueOrDie();
  ASSERT_OK(client
                ->ExecuteIngest({}, reader, {NotExist::kCreate, Exists::kFail}, "mine",
                                std::nullopt, std::nullopt, /*temporary=*/true)
                .status());
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM mine").ValueOr(""), "2");
  EXPECT_FALSE(Query(*ConnectSql(), "SELECT count(*) FROM mine").ok());

  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto transaction, client->BeginTransaction({}));
  reader = arrow::RecordBatchReader::Make({Numbers("a", {1, 2})}).ValueOrDie();
  ASSERT_OK(client
                ->ExecuteIngest({}, reader, {NotExist::kFail, Exists::kAppend}, "t",
                                std::nullopt, std::nullopt, /*temporary=*/false,
                                transaction)
                .status());
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "0");
  ASSERT_OK(client->Rollback({}, transaction));
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "0");
}

TEST_F(UploadTest, TakesCompressedBatches) {
  arrow::ipc::IpcWriteOptions options;
  options.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  std::vector<int64_t> values(10'000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i * i);
  const RawAnswer answer =
      RawPut(Address(), Messages(kStream, Numbers("a", values), options));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(Query(*client, "SELECT count(*), max(a) FROM s").ValueOr(""),
            "10000|99980001");
}

TEST_F(UploadTest, RefusesABatchThatUnpacksToFarMoreThanItIs) {
  arrow::ipc::IpcWriteOptions options;
  options.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  const auto zeros = Numbers("a", std::vector<int64_t>(16 << 20, 0));
  const RawAnswer answer = RawPut(Address(), Messages(kStream, zeros, options));
  EXPECT_EQ(answer.status.error_code(), grpc::RESOURCE_EXHAUSTED)
      << answer.status.error_message();
  EXPECT_NE(answer.status.error_message().find("unpacks to more than"), std::string::npos)
      << answer.status.error_message();
  EXPECT_FALSE(Query(*client, "SELECT * FROM s").ok());
}

TEST_F(UploadTest, RefusesALyingUncompressedLength) {
  arrow::ipc::IpcWriteOptions options;
  options.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  auto messages =
      Messages(kStream, Numbers("a", std::vector<int64_t>(1'000, 7)), options);
  // A compressed buffer begins with its uncompressed length. The only buffer of a column
  // without nulls that has bytes is its values.
  const int64_t lie = int64_t{1} << 40;
  messages.at(1).body.replace(0, sizeof(lie), reinterpret_cast<const char*>(&lie),
                              sizeof(lie));
  const RawAnswer answer = RawPut(Address(), messages);
  EXPECT_EQ(answer.status.error_code(), grpc::RESOURCE_EXHAUSTED)
      << answer.status.error_message();
}

TEST_F(UploadTest, RefusesTextThatIsNotUtf8) {
  auto messages = Messages(kStream, Texts("a", {"plain text"}));
  const size_t place = messages.at(1).body.find("plain");
  ASSERT_NE(place, std::string::npos);
  messages[1].body[place] = '\xff';
  const RawAnswer answer = RawPut(Address(), messages);
  EXPECT_EQ(answer.status.error_code(), grpc::INVALID_ARGUMENT)
      << answer.status.error_message();
  EXPECT_FALSE(Query(*client, "SELECT * FROM s").ok());
}

TEST_F(UploadTest, RefusesWhatIsNoUploadAtAll) {
  const auto good = Messages(kStream, Numbers("a", {1, 2, 3}));
  auto truncated = good;
  truncated[1].body.resize(4);
  auto garbled = good;
  for (char& c : garbled[1].header) c = static_cast<char>(c ^ 0x5a);
  auto no_schema = good;
  no_schema.erase(no_schema.begin());
  no_schema[0].cmd = kStream;
  const std::vector<std::pair<const char*, std::vector<RawMessage>>> kTable = {
      {"a truncated body", truncated},
      {"a garbled message", garbled},
      {"a batch without a schema", no_schema},
      {"a descriptor alone", {{kStream, "", ""}}},
      {"no descriptor", {{"", good[0].header, ""}}},
      {"a descriptor that means nothing", {{"nonsense", good[0].header, ""}}},
      {"rubbish in place of a message", {{kStream, "rubbish", "rubbish"}}},
      {"nothing", {}},
  };
  for (const auto& [what, messages] : kTable) {
    const RawAnswer answer = RawPut(Address(), messages);
    EXPECT_EQ(answer.status.error_code(), grpc::INVALID_ARGUMENT)
        << what << ": " << answer.status.error_message();
  }
  EXPECT_EQ(Query(*client, "SELECT 1").ValueOr(""), "1");
}

TEST_F(UploadTest, LooksAtASchemaBeforeItIsBuilt) {
  auto messages = Messages(kStream, Numbers("a", {1}));
  // Where the message's table is.
  messages[0].header.replace(0, 4, "\xff\xff\xff\x7f");
  const RawAnswer answer = RawPut(Address(), messages);
  EXPECT_EQ(answer.status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_NE(answer.status.error_message().find("metadata is damaged"), std::string::npos)
      << answer.status.error_message();
}

TEST_F(UploadTest, RefusesAMessageOverTheLimit) {
  Start({.listen = {ListenAddress{}}, .max_message_bytes = 1 << 20});
  const RawAnswer answer = RawPut(
      Address(), Messages(kStream, Numbers("a", std::vector<int64_t>(1 << 18, 1))));
  EXPECT_FALSE(answer.status.ok());
  EXPECT_EQ(Query(*client, "SELECT 1").ValueOr(""), "1");
}

}  // namespace
}  // namespace pintail::flight
