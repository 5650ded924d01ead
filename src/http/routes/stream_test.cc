// POST /stream/{name}: the older program's clients, answers and errors.
#include <gtest/gtest.h>

#include "http/testing/door_world.h"

namespace pintail::http {
namespace {

const auto kSchema = arrow::schema({arrow::field("i", arrow::int64())});

std::string Rows(const std::string& json) { return Base64(IpcStream(kSchema, json)); }
// What the older clients send beside the data, which carries its own schema.
std::string DeclaredSchema() { return Rows("[]"); }

std::string Body(const std::string& config, const std::string& data) {
  return "{\"config\": " + config + ", \"batch\": {\"arrow_schema\": \"" +
         DeclaredSchema() + "\", \"data\": \"" + data + "\"}}";
}

HttpReply Post(const DoorWorld& world, const std::string& body,
               const std::string& target = "/stream/pond") {
  return world.Ask("POST", target, "Content-Type: application/json\r\n", body);
}

TEST(StreamRoute, AnswersAsTheOlderProgramDid) {
  DoorWorld world;
  const HttpReply reply = Post(
      world, Body(R"({"target_table": "t", "storage_backend": null, "chunk_size": 10000,
                           "compression": {"algorithm": "zstd", "level": 3}})",
                  Rows(R"([{"i": 1}, {"i": 2}, {"i": 3}])")));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body,
            R"({"status":"success","stream":"pond","rows_processed":3,)"
            R"("storage_backend":"duckdb","message":"Data processed successfully"})");
  EXPECT_EQ(world.Query("SELECT sum(i)::BIGINT AS s FROM t"), R"([{"s":6}])");
}

TEST(StreamRoute, SaysThatItHasTakenTheSameStreamBefore) {
  DoorWorld world;
  const std::string body = Body(R"({"target_table": "t"})", Rows(R"([{"i": 1}])"));
  const auto post = [&] {
    return world
        .Ask("POST", "/stream/pond",
             "Content-Type: application/json\r\nIdempotency-Key: k\r\n", body)
        .body;
  };
  EXPECT_EQ(post().find("repeated"), std::string::npos);
  EXPECT_NE(post().find(R"("message":"Data processed successfully","repeated":true})"),
            std::string::npos);
  EXPECT_EQ(world.Query("SELECT count(*) AS n FROM t"), R"([{"n":1}])");
}

TEST(StreamRoute, PutsAsManyRowsIntoTheTableAtATimeAsTheClientAsks) {
  DoorWorld world;
  const std::string data = Rows(R"([{"i": 1}, {"i": 2}, {"i": 3}])");
  for (const char* size : {"2", "2.0", "\"2\"", "100000000", "null"}) {
    const std::string config = R"({"target_table": "t", "chunk_size": )";
    EXPECT_EQ(Post(world, Body(config + size + "}", data), "/stream/of%20" + Base64(size))
                  .status,
              200)
        << size;
  }
  EXPECT_EQ(world.Query("SELECT list(chunk_rows ORDER BY name)::VARCHAR AS rows "
                        "FROM pintail.streams"),
            R"([{"rows":"[2, 100000000, 2, 2, 122880]"}])");
  EXPECT_EQ(world.Query("SELECT count(*)::INT AS n FROM t"), R"([{"n":15}])");
}

TEST(StreamRoute, TakesEscapedBase64MembersInAnyOrderAndUnknownOnes) {
  DoorWorld world;
  std::string data = Rows(R"([{"i": 63}])");
  for (size_t at = 0; (at = data.find('/', at)) != std::string::npos; at += 2) {
    data.insert(at, "\\");
  }
  const std::string body = "{\"more\": [{\"x\": null}], \"batch\": {\"data\": \"" + data +
                           "\" , \"arrow_schema\":\"" + DeclaredSchema() +
                           "\"}, \"config\": {\"note\": 1, \"target_table\": \"t\"}} ";
  EXPECT_EQ(Post(world, body).status, 200);
  EXPECT_EQ(world.Query("SELECT i FROM t"), R"([{"i":63}])");
}

TEST(StreamRoute, RefusesUnreadableDataWithItsReason) {
  DoorWorld world;
  const std::string good = Rows(R"([{"i": 1}])");
  for (const std::string& data :
       {std::string("invalid"), good.substr(0, good.size() - 1), Base64("no arrow"),
        good.substr(0, 200), std::string()}) {
    const HttpReply reply = Post(world, Body(R"({"target_table": "t"})", data));
    EXPECT_EQ(reply.status, 500) << reply.body;
    EXPECT_TRUE(reply.body.starts_with("{\"detail\":\"Failed to process stream: "))
        << reply.body;
  }
  EXPECT_EQ(world.Ask("GET", "/v1/tables/t").status, 404);
}

TEST(StreamRoute, NamesEveryFieldThatIsWrongAsItsModelsDid) {
  DoorWorld world;
  const std::string batch = R"("batch": {"arrow_schema": "", "data": ""})";
  const struct {
    std::string body;
    std::string detail;
  } rows[] = {
      {"",
       R"({"type":"missing","loc":["body","config"],"msg":"Field required","input":null},)"
       R"({"type":"missing","loc":["body","batch"],"msg":"Field required","input":null})"},
      {"[]",
       R"({"type":"missing","loc":["body","config"],"msg":"Field required","input":null},)"
       R"({"type":"missing","loc":["body","batch"],"msg":"Field required","input":null})"},
      {R"({"config": {"chunk_size": 5}, )" + batch + "}",
       R"({"type":"missing","loc":["body","config","target_table"],)"
       R"("msg":"Field required","input":{"chunk_size":5}})"},
      {R"({"config": {"target_table": 7}, )" + batch + "}",
       R"({"type":"string_type","loc":["body","config","target_table"],)"
       R"("msg":"Input should be a valid string","input":7})"},
      {R"({"config": {"target_table": "t", "chunk_size": "many"}, )" + batch + "}",
       R"({"type":"int_parsing","loc":["body","config","chunk_size"],"msg":"Input should be a )"
       R"(valid integer, unable to parse string as an integer","input":"many"})"},
      {R"({"config": {"target_table": "t", "chunk_size": 1.5}, )" + batch + "}",
       R"({"type":"int_from_float","loc":["body","config","chunk_size"],"msg":"Input should )"
       R"(be a valid integer, got a number with a fractional part","input":1.5})"},
      {R"({"config": {"target_table": "t", "chunk_size": 9223372036854775807}, )" +
           batch + "}",
       R"({"type":"less_than_equal","loc":["body","config","chunk_size"],"msg":"Input )"
       R"(should be less than or equal to 100000000","input":9223372036854775807,)"
       R"("ctx":{"le":100000000}})"},
      {R"({"config": {"target_table": "t", "chunk_size": []}, )" + batch + "}",
       R"({"type":"int_type","loc":["body","config","chunk_size"],)"
       R"("msg":"Input should be a valid integer","input":[]})"},
      {R"({"config": {"target_table": "t", "storage_backend": "delta"}, )" + batch + "}",
       R"({"type":"literal_error","loc":["body","config","storage_backend"],)"
       R"("msg":"Input should be 'duckdb'","input":"delta","ctx":{"expected":"'duckdb'"}})"},
      {R"({"config": {"target_table": "t", "compression": {"algorithm": "zip"}}, )" +
           batch + "}",
       R"({"type":"value_error","loc":["body","config","compression"],"msg":"Value error, )"
       R"(Compression algorithm must be either 'zstd' or 'lz4'",)"
       R"("input":{"algorithm":"zip"},"ctx":{"error":{}}})"},
      {R"({"config": "t", )" + batch + "}",
       R"({"type":"model_attributes_type","loc":["body","config"],"msg":"Input should be a )"
       R"(valid dictionary or object to extract fields from","input":"t"})"},
      {R"({"config": {"target_table": "t"}, "batch": {"data": 5, "arrow_schema": "x"}})",
       R"({"type":"string_type","loc":["body","batch","data"],)"
       R"("msg":"Input should be a valid string","input":5})"},
      {R"({"config": {"target_table": "t"}, "batch": {"data": "x"}})",
       R"({"type":"missing","loc":["body","batch","arrow_schema"],)"
       R"("msg":"Field required","input":{"data": "x"}})"},
  };
  for (const auto& row : rows) {
    const HttpReply reply = Post(world, row.body);
    EXPECT_EQ(reply.status, 422) << row.body;
    EXPECT_EQ(reply.body, "{\"detail\":[" + row.detail + "]}");
  }
}

TEST(StreamRoute, TellsTextThatIsNoJson) {
  DoorWorld world;
  for (const char* body :
       {"{", "nonsense", "{\"config\": {\"target_table\": \"t\"}, \"batch\"",
        "{\"config\": {} x}", "{} {}", "\xff"}) {
    const HttpReply reply = Post(world, body);
    EXPECT_EQ(reply.status, 422) << body;
    EXPECT_NE(reply.body.find("\"type\":\""), std::string::npos);
    EXPECT_NE(reply.body.find("\"loc\":[\"body\","), std::string::npos);
  }
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(Post(world, "{\"config\": " + deep).status, 422);
  EXPECT_EQ(Post(world, "{\"other\": " + deep + "}").status, 422);
}

TEST(StreamRoute, TakesAStreamNameForAName) {
  DoorWorld world;
  const HttpReply reply =
      Post(world, Body(R"({"target_table": "x\"; DROP TABLE y"})", Rows(R"([{"i": 1}])")),
           "/stream/a%20%22b%22");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.body.find(R"("stream":"a \"b\"")"), std::string::npos);
  EXPECT_EQ(world.Query("SELECT i FROM \"x\"\"; DROP TABLE y\""), R"([{"i":1}])");
}

TEST(StreamRoute, RefusesADocumentLargerThanTheLimit) {
  DoorWorld world({}, {.listen = {"127.0.0.1:0"}, .max_document_bytes = 2'000});
  EXPECT_EQ(Post(world, Body(R"({"target_table": "t"})", std::string(3'000, 'A'))).status,
            413);
  HttpClient client(world.address());
  client.Send(
      "POST /stream/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3000\r\n" +
      std::string(0x3000, ' ') + "\r\n0\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 413);
}

TEST(StreamRoute, CountsWhatBase64IsDecodedInto) {
  std::string rows = "[{\"i\": 0}";
  for (int i = 1; i < 2'000; ++i) rows += ", {\"i\": 1}";
  const std::string body = Body(R"({"target_table": "t"})", Rows(rows + "]"));
  const auto size = static_cast<int64_t>(body.size());
  DoorWorld small({}, {.listen = {"127.0.0.1:0"}, .document_budget_bytes = size + 2'000});
  EXPECT_EQ(Post(small, body).status, 413);
  DoorWorld enough({}, {.listen = {"127.0.0.1:0"}, .document_budget_bytes = 2 * size});
  EXPECT_EQ(Post(enough, body).status, 200);
  EXPECT_EQ(Post(enough, body).status, 200);
}

}  // namespace
}  // namespace pintail::http
