// POST /v1/ingest/{table} against a real gateway.
#include <gtest/gtest.h>

#include "arrow/io/compressed.h"
#include "arrow/util/compression.h"
#include "http/testing/door_world.h"

namespace pintail::http {
namespace {

constexpr std::string_view kArrow = "application/vnd.apache.arrow.stream";
const auto kSchema = arrow::schema({arrow::field("i", arrow::int64())});

std::string Rows() { return IpcStream(kSchema, R"([{"i": 1}, {"i": 2}])"); }

HttpReply Ingest(const DoorWorld& world, const std::string& target, std::string_view type,
                 std::string_view body, const std::string& fields = "") {
  return world.Ask("POST", "/v1/ingest/" + target,
                   "Content-Type: " + std::string(type) + "\r\n" + fields, body);
}

std::string Zstd(const std::string& bytes) {
  auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  std::string packed(static_cast<size_t>(codec->MaxCompressedLen(
                         static_cast<int64_t>(bytes.size()), nullptr)),
                     '\0');
  const int64_t size = codec
                           ->Compress(static_cast<int64_t>(bytes.size()),
                                      reinterpret_cast<const uint8_t*>(bytes.data()),
                                      static_cast<int64_t>(packed.size()),
                                      reinterpret_cast<uint8_t*>(packed.data()))
                           .ValueOrDie();
  packed.resize(static_cast<size_t>(size));
  return packed;
}

TEST(IngestRoute, MakesTheTableAndAppendsToIt) {
  DoorWorld world;
  EXPECT_EQ(Ingest(world, "t", kArrow, Rows()).status, 200);
  const HttpReply reply = Ingest(world, "t", kArrow, Rows());
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("\"table\":\"t\""), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("\"rows\":2,\"commits\":1}"), std::string::npos)
      << reply.body;
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM t"), R"([{"n":4}])");
}

TEST(IngestRoute, TakesTextFormats) {
  DoorWorld world;
  EXPECT_EQ(Ingest(world, "c", "text/csv; charset=utf-8", "i,s\n1,a\n2,b\n").status, 200);
  EXPECT_EQ(world.Query("SELECT s FROM c WHERE i = 2"), R"([{"s":"b"}])");
  EXPECT_EQ(
      Ingest(world, "n?format=ndjson", "application/octet-stream", "{\"i\": 5}\n").status,
      200);
  EXPECT_EQ(world.Query("SELECT i FROM n"), R"([{"i":5}])");
}

TEST(IngestRoute, UndoesAContentEncoding) {
  DoorWorld world;
  EXPECT_EQ(Ingest(world, "t", kArrow, Zstd(Rows()), "Content-Encoding: zstd\r\n").status,
            200);
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM t"), R"([{"n":2}])");
}

TEST(IngestRoute, TakesABodyInChunksOfUnknownLength) {
  DoorWorld world;
  HttpClient client(world.address());
  client.Send(
      "POST /v1/ingest/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\ni\n\r\n");
  for (int i = 0; i < 20'000; ++i) client.Send("a\r\n123456789\n\r\n");
  client.Send("0\r\n\r\n");
  const HttpReply reply = client.Receive();
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM t"), R"([{"n":20000}])");
}

TEST(IngestRoute, ObeysItsMode) {
  DoorWorld world;
  EXPECT_EQ(Ingest(world, "t?mode=append", kArrow, Rows()).status, 404);
  EXPECT_EQ(Ingest(world, "t?mode=create", kArrow, Rows()).status, 200);
  EXPECT_EQ(Ingest(world, "t?mode=create", kArrow, Rows()).status, 409);
  EXPECT_EQ(Ingest(world, "t?mode=append", kArrow, Rows()).status, 200);
  EXPECT_EQ(Ingest(world, "t?mode=replace", kArrow, Rows()).status, 200);
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM t"), R"([{"n":2}])");
}

TEST(IngestRoute, KnowsOneModeByAllItsNames) {
  DoorWorld world;
  for (const char* mode :
       {"create_or_append", "create-or-append", "create_append", "create-append"}) {
    EXPECT_EQ(Ingest(world, std::string("t?mode=") + mode, kArrow, Rows()).status, 200)
        << mode;
  }
}

TEST(IngestRoute, WritesToTheSchemaThatIsNamed) {
  DoorWorld world;
  world.Query("CREATE SCHEMA pond");
  const HttpReply reply = Ingest(world, "t?schema=pond", kArrow, Rows());
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.body.find("\"schema\":\"pond\""), std::string::npos) << reply.body;
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM pond.t"), R"([{"n":2}])");
}

TEST(IngestRoute, RefusesByPolicyWhatDoesNotFit) {
  DoorWorld world;
  world.Query("CREATE TABLE t (i BIGINT)");
  EXPECT_EQ(Ingest(world, "t?schema_policy=strict", "text/csv", "i,extra\n1,2\n").status,
            400);
  EXPECT_EQ(
      Ingest(world, "t?schema_policy=add_columns", "text/csv", "i,extra\n1,2\n").status,
      200);
}

TEST(IngestRoute, CommitsAsItGoesWhenAsked) {
  DoorWorld world;
  const HttpReply reply = Ingest(world, "t?commit_rows=1", kArrow, Rows());
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.body.find("\"rows\":2"), std::string::npos);
}

TEST(IngestRoute, RefusesWhatItCannotRead) {
  DoorWorld world;
  const struct {
    std::string target;
    std::string type;
    std::string body;
    std::string fields;
    int status;
  } rows[] = {
      {"t", "image/png", "x", "", 415},
      {"t", "application/json", "[]", "", 415},
      {"t", std::string(kArrow), "not arrow at all", "", 400},
      {"t", std::string(kArrow), Rows().substr(0, 150), "", 400},
      {"t", std::string(kArrow), Rows(), "Content-Encoding: br\r\n", 415},
      {"t", std::string(kArrow), Rows(), "Content-Encoding: gzip\r\n", 400},
      {"t?xmode=append", std::string(kArrow), Rows(), "", 400},
      {"t?mode=sideways", std::string(kArrow), Rows(), "", 400},
      {"t?commit_rows=0", std::string(kArrow), Rows(), "", 400},
      {"t?chunk_rows=many", std::string(kArrow), Rows(), "", 400},
      {"t?chunk_rows=9223372036854775807", std::string(kArrow), Rows(), "", 400},
      {"t?schema_policy=lax", std::string(kArrow), Rows(), "", 400},
      {"t?format=xml", std::string(kArrow), Rows(), "", 400},
  };
  for (const auto& row : rows) {
    const HttpReply reply = Ingest(world, row.target, row.type, row.body, row.fields);
    EXPECT_EQ(reply.status, row.status)
        << row.target << " " << row.type << " " << reply.body;
    EXPECT_TRUE(reply.body.starts_with("{\"error\":{\"code\":\""));
  }
  EXPECT_EQ(world.Ask("GET", "/v1/tables/t").status, 404);
}

TEST(IngestRoute, AppliesAnUploadThatNamesItselfOnce) {
  DoorWorld world;
  const std::string key = "Idempotency-Key: k 1\r\n";
  const HttpReply first = Ingest(world, "t", kArrow, Rows(), key);
  EXPECT_EQ(first.status, 200);
  EXPECT_NE(first.body.find("\"rows\":2,\"commits\":1}"), std::string::npos)
      << first.body;
  const HttpReply repeat = Ingest(world, "t", kArrow, Rows(), key);
  EXPECT_EQ(repeat.status, 200);
  EXPECT_NE(repeat.body.find("\"rows\":2,\"commits\":0,\"repeated\":true}"),
            std::string::npos)
      << repeat.body;
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM t"), R"([{"n":2}])");
  const std::string other = IpcStream(kSchema, R"([{"i": 1}])");
  EXPECT_EQ(Ingest(world, "t", kArrow, other, key).status, 400);
  EXPECT_EQ(Ingest(world, "t?commit_rows=1", kArrow, Rows(), key).status, 400);
}

TEST(IngestRoute, RefusesAKeyThatIsNone) {
  DoorWorld world;
  const std::string field = "Idempotency-Key: ";
  for (const std::string& fields :
       {std::string("pintail-producer: p\r\npintail-sequence: 1\r\n"), field + "\r\n",
        field + std::string(1025, 'x') + "\r\n", field + "a\r\n" + field + "b\r\n",
        field + "\xff\r\n"}) {
    EXPECT_EQ(Ingest(world, "t", kArrow, Rows(), fields).status, 400) << fields;
  }
}

TEST(IngestRoute, CallsABodyThatDecodesPastTheLimitsTooLarge) {
  gateway::GatewayOptions options;
  options.limits.max_decompressed_bytes = 1 << 20;
  DoorWorld world(options);
  std::string csv = "i\n";
  while (csv.size() < (4 << 20)) csv += "123456789\n";
  const HttpReply reply =
      Ingest(world, "t", "text/csv", Zstd(csv), "Content-Encoding: zstd\r\n");
  EXPECT_EQ(reply.status, 413) << reply.body;
  EXPECT_EQ(world.Ask("GET", "/v1/tables/t").status, 404);
}

TEST(IngestRoute, LeavesNothingOfABodyThatBreaksOff) {
  DoorWorld world;
  {
    HttpClient client(world.address());
    client.Send(
        "POST /v1/ingest/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
        "Content-Length: 90000000\r\n\r\ni\n");
    std::string rows;
    while (rows.size() < (3 << 20)) rows += "123456789\n";
    client.Send(rows);
  }
  ASSERT_TRUE(gateway::testing::Eventually([&] {
    return world.world.metrics.Render().find(
               "http_requests_total{route=\"/v1/ingest/{table}\"") != std::string::npos;
  }));
  EXPECT_EQ(world.Ask("GET", "/v1/tables/t").status, 404);
}

}  // namespace
}  // namespace pintail::http
