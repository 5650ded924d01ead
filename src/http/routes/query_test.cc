// POST /v1/query against a real gateway.
#include <gtest/gtest.h>

#include <thread>

#include "arrow/buffer.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/reader.h"
#include "arrow/table.h"
#include "http/testing/door_world.h"

namespace pintail::http {
namespace {

TEST(QueryRoute, AnswersInEveryFormat) {
  DoorWorld world;
  constexpr std::string_view kSql =
      "SELECT 1::BIGINT AS a, 'x' AS b UNION ALL "
      "SELECT 2, NULL ORDER BY a";
  EXPECT_EQ(world.Query(kSql), "[{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":null}]");
  EXPECT_EQ(world.Query(kSql, "application/x-ndjson"),
            "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}\n");
  EXPECT_EQ(world.Query(kSql, "text/csv;q=0.5, image/png"), "a,b\n1,x\n2,\n");
  EXPECT_TRUE(world.Query(kSql, "application/vnd.apache.parquet").starts_with("PAR1"));
  const std::string arrow = world.Query(kSql, "application/vnd.apache.arrow.stream");
  const auto reader =
      arrow::ipc::RecordBatchStreamReader::Open(
          std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(arrow)))
          .ValueOrDie();
  EXPECT_EQ(reader->ToTable().ValueOrDie()->num_rows(), 2);
}

TEST(QueryRoute, TakesAFormatInTheUrl) {
  DoorWorld world;
  const HttpReply reply = world.Ask("POST", "/v1/query?format=csv",
                                    "Content-Type: text/plain\r\n", "SELECT 7 AS n");
  EXPECT_EQ(reply.body, "n\n7\n");
  EXPECT_EQ(reply.Field("content-type"), "text/csv");
}

TEST(QueryRoute, BindsParametersByPositionAndByName) {
  DoorWorld world;
  EXPECT_EQ(world
                .QueryJson(R"({"sql": "SELECT ? AS a, ? AS b, ? AS c, ? AS d",
      "parameters": [1, 2.5, "x", null]})")
                .body,
            R"([{"a":1,"b":2.5,"c":"x","d":null}])");
  EXPECT_EQ(world
                .QueryJson(R"({"sql": "SELECT $x + $y AS s",
      "parameters": {"y": 2, "x": 40}})")
                .body,
            R"([{"s":42}])");
  EXPECT_EQ(
      world.QueryJson(R"({"sql": "SELECT len(?) AS n", "parameters": [[1, 2, 3]]})").body,
      R"([{"n":3}])");
}

TEST(QueryRoute, TellsHowManyRowsAStatementChanged) {
  DoorWorld world;
  EXPECT_EQ(world.Query("CREATE TABLE t (i INTEGER)"), "{\"rows_changed\":null}\n");
  EXPECT_EQ(world.Query("INSERT INTO t SELECT range FROM range(10)"),
            "{\"rows_changed\":10}\n");
  EXPECT_EQ(world.Query("DELETE FROM t WHERE i < 4", "text/csv"), "rows_changed\n4\n");
}

TEST(QueryRoute, StreamsALargeResult) {
  DoorWorld world;
  const HttpReply reply = world.Ask(
      "POST", "/v1/query", "Content-Type: text/plain\r\nAccept: application/x-ndjson\r\n",
      "SELECT range AS r FROM range(300000)");
  EXPECT_TRUE(reply.chunked);
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.body.ends_with("{\"r\":299999}\n"));
}

TEST(QueryRoute, CutsAResultThatFailsOnItsWayAndSaysWhyInNdjson) {
  DoorWorld world;
  const HttpReply reply = world.Ask(
      "POST", "/v1/query", "Content-Type: text/plain\r\nAccept: application/x-ndjson\r\n",
      "SELECT CASE WHEN range < 3000000 THEN 1 ELSE error('the well is dry') END AS n "
      "FROM range(3000001)");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.complete);
  const size_t last = reply.body.rfind("\n{\"error\":");
  ASSERT_NE(last, std::string::npos);
  EXPECT_NE(reply.body.find("the well is dry", last), std::string::npos);
}

TEST(QueryRoute, AnswersErrorsBeforeTheFirstRowProperly) {
  DoorWorld world;
  const struct {
    const char* sql;
    int status;
    const char* code;
  } rows[] = {{"SELEC 1", 400, "invalid_sql"},
              {"SELECT * FROM nowhere", 404, "not_found"},
              {"SELECT 'x'::INTEGER", 400, "invalid_argument"},
              {"SELECT error('dry')", 400, "invalid_argument"}};
  for (const auto& row : rows) {
    const HttpReply reply =
        world.Ask("POST", "/v1/query",
                  "Content-Type: text/plain\r\nX-Request-Id: duck-17\r\n", row.sql);
    EXPECT_EQ(reply.status, row.status) << row.sql << " " << reply.body;
    EXPECT_TRUE(reply.body.starts_with("{\"error\":{\"code\":\"" + std::string(row.code)))
        << reply.body;
    EXPECT_NE(reply.body.find("\"request_id\":\"duck-17\""), std::string::npos);
  }
}

TEST(QueryRoute, KeepsASessionOfTheClientsName) {
  DoorWorld world;
  const auto in_session = [&](std::string_view sql) {
    return world.Query(sql, "application/json", "Pintail-Session: mine.1\r\n");
  };
  in_session("CREATE TEMP TABLE kept AS SELECT 5 AS n");
  EXPECT_EQ(in_session("SELECT n FROM kept"), R"([{"n":5}])");
  EXPECT_TRUE(world.Query("SELECT n FROM kept").starts_with("404"));
  EXPECT_TRUE(world.Query("SELECT 1", "application/json", "Pintail-Session: a b\r\n")
                  .starts_with("400"));
}

TEST(QueryRoute, RefusesWhatItCannotTake) {
  DoorWorld world;
  const auto status = [&](std::string_view fields, std::string_view body) {
    return world.Ask("POST", "/v1/query", fields, body).status;
  };
  EXPECT_EQ(status("Content-Type: application/x-www-form-urlencoded\r\n", "SELECT 1"),
            415);
  EXPECT_EQ(status("", "SELECT 1"), 415);
  EXPECT_EQ(status("Content-Type: text/plain\r\nAccept: image/png\r\n", "SELECT 1"), 406);
  EXPECT_EQ(status("Content-Type: text/plain\r\nContent-Encoding: br\r\n", "SELECT 1"),
            415);
  EXPECT_EQ(status("Content-Type: text/plain\r\n", ""), 400);
  const HttpReply latin = world.Ask("POST", "/v1/query", "Content-Type: text/plain\r\n",
                                    "SELECT 'gr\xfc\xdf'");
  EXPECT_EQ(latin.status, 400);
  EXPECT_NE(latin.body.find("is not UTF-8 text, from byte 10 on"), std::string::npos)
      << latin.body;
  const HttpReply unknown = world.Ask("POST", "/v1/query?formt=csv",
                                      "Content-Type: text/plain\r\n", "SELECT 1");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("formt"), std::string::npos) << unknown.body;
}

TEST(QueryRoute, RefusesADocumentWhenTheMemoryForThemIsTaken) {
  DoorWorld world({}, {.listen = {"127.0.0.1:0"}, .document_budget_bytes = 100'000});
  base::Gauge& held = world.world.metrics.GetGauge("http_document_bytes", "");
  // A body of which most has come, and which is not read to its end.
  HttpClient slow(world.address());
  const std::string part(66'000, ' ');
  slow.Send(
      "POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      "Content-Length: 70000\r\n\r\n" +
      part);
  while (held.Value() < 70'000) std::this_thread::yield();
  const std::string sql = "SELECT 7 AS n" + std::string(40'000, ' ');
  const HttpReply full =
      world.Ask("POST", "/v1/query", "Content-Type: text/plain\r\n", sql);
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(full.Field("retry-after"), "1");
  EXPECT_NE(full.body.find("http.documents"), std::string::npos) << full.body;
  EXPECT_EQ(world.Query("SELECT 7 AS n"), R"([{"n":7}])");
  slow.Close();
  while (held.Value() > 0) std::this_thread::yield();
  EXPECT_EQ(world.Query(sql), R"([{"n":7}])");
  EXPECT_EQ(held.Value(), 0);
}

TEST(QueryRoute, CountsWhatJsonIsParsedInto) {
  DoorWorld world({}, {.listen = {"127.0.0.1:0"}, .document_budget_bytes = 100'000});
  std::string list = "0";
  for (int i = 0; i < 3'000; ++i) list += ",1";
  EXPECT_EQ(
      world.QueryJson(R"({"sql": "SELECT ?", "parameters": [[)" + list + "]]}").status,
      413);
}

TEST(QueryRoute, CancelsTheQueryOfAClientThatGoesAway) {
  DoorWorld world;
  {
    HttpClient client(world.address());
    client.Send(
        "POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        "Content-Length: 70\r\n\r\n"
        "SELECT count(*) AS gone FROM range(10000000) a, range(10000000) b     ");
    ASSERT_TRUE(gateway::testing::Eventually([&] {
      return world.world.Seen(
                 "SELECT count(*) FROM pintail.statements WHERE state = "
                 "'running' AND sql LIKE 'SELECT count(*) AS gone%'") == "1";
    }));
  }
  EXPECT_TRUE(gateway::testing::Eventually([&] {
    return world.world.Seen(
               "SELECT count(*) FROM pintail.statements WHERE state = "
               "'cancelled' AND sql LIKE 'SELECT count(*) AS gone%'") == "1";
  }));
}

}  // namespace
}  // namespace pintail::http
