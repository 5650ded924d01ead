#include <thread>

#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using testing::Batch;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

constexpr char kEndless[] = "SELECT count(*) FROM range(100000000000) a, range(1000) b";
constexpr char kManyRows[] = "SELECT range FROM range(10000000)";

TEST(Statements, RunInOrderAndGiveTheLastResult) {
  World world;
  const SessionPtr session = world.Open();
  EXPECT_EQ(world.Run(session,
                      "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); "
                      "SELECT sum(a) FROM t"),
            "3");
}

TEST(Statements, KeepWhatRanBeforeAFailure) {
  World world;
  const SessionPtr session = world.Open();
  EXPECT_THAT(
      world.Run(session, "CREATE TABLE t AS SELECT 1 AS a; SELECT * FROM missing"),
      StartsWith("not_found"));
  EXPECT_EQ(world.Run(session, "SELECT a FROM t"), "1");
}

TEST(Statements, AreRefusedWhenTheTextHoldsNone) {
  World world;
  for (const char* text : {"", "  ", "-- only a remark", ";;"}) {
    EXPECT_THAT(world.Run(world.Open(), text), StartsWith("invalid_sql")) << text;
  }
}

TEST(Statements, ReportTheRowsTheyChange) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const auto result = world.gateway
                          ->Execute(World::Call(), session,
                                    {.sql = "INSERT INTO t SELECT range FROM range(7)"})
                          .ValueOrDie();
  EXPECT_EQ(result.rows_changed, 7);
  EXPECT_EQ(result.rows->schema()->num_fields(), 0);
  EXPECT_EQ(result.traits.verb, "INSERT");
}

TEST(Statements, RunOnceForEachRowOfParametersAllOrNone) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a BIGINT PRIMARY KEY)");
  const auto schema = arrow::schema({arrow::field("0", arrow::int64())});
  StatementRequest insert{.sql = "INSERT INTO t VALUES (?)",
                          .parameters = Batch(schema, R"([{"0": 1}, {"0": 2}])")};
  EXPECT_EQ(world.gateway->Execute(World::Call(), session, insert)->rows_changed, 2);
  insert.parameters = Batch(schema, R"([{"0": 3}, {"0": 1}])");
  EXPECT_FALSE(world.gateway->Execute(World::Call(), session, insert).ok());
  EXPECT_EQ(world.Seen("SELECT a FROM t ORDER BY a"), "1\n2");
}

TEST(Statements, JoinTheRowsOfSeveralReads) {
  World world;
  const auto schema = arrow::schema({arrow::field("0", arrow::int64())});
  const auto result =
      world.gateway
          ->Execute(World::Call(), world.Open(),
                    {.sql = "SELECT ?::BIGINT * 2",
                     .parameters = Batch(schema, R"([{"0": 4}, {"0": 5}])")})
          .ValueOrDie();
  EXPECT_EQ(Text(*result.rows), "8\n10");
}

TEST(Statements, RefuseParametersThatDoNotFit) {
  World world;
  const auto schema = arrow::schema({arrow::field("0", arrow::int64())});
  const auto result = world.gateway->Execute(
      World::Call(), world.Open(),
      {.sql = "SELECT ? + ?", .parameters = Batch(schema, R"([{"0": 4}])")});
  EXPECT_EQ(base::KindOf(result.status()), base::ErrorKind::kInvalidArgument);
  EXPECT_THAT(result.status().message(), HasSubstr("2 parameters"));
}

TEST(Statements, StopWhenTheirCallIsCancelled) {
  World world;
  const SessionPtr session = world.Open();
  const CallPtr call = World::Call();
  arrow::Status status;
  std::jthread running([&] {
    status =
        world.gateway->Execute(call, session, {.sql = kEndless, .parameters = nullptr})
            .Map([](StatementResult result) { return result.rows->Next(); })
            .status();
  });
  ASSERT_TRUE(Eventually([&] {
    return world.Seen(
               "SELECT count(*) FROM pintail.statements WHERE state = 'running'") == "1";
  }));
  call->Cancel(base::ErrorKind::kCancelled, "the client went away");
  running.join();
  EXPECT_EQ(Text(status), "cancelled: the client went away");
  EXPECT_EQ(world.Run(session, "SELECT 1"), "1");
}

TEST(Statements, StopAtTheirTimeoutAndSayWhichItWas) {
  World world;
  const SessionPtr session = world.Open();
  const auto result =
      world.gateway->Execute(World::Call(), session, {.sql = kManyRows, .timeout = 250ms})
          .ValueOrDie();
  ASSERT_TRUE(result.rows->Next().ok());
  world.Pass(251ms);
  const std::string end = Text(*result.rows);
  EXPECT_THAT(end, HasSubstr("deadline_exceeded"));
  EXPECT_THAT(end, HasSubstr("250 ms"));
  EXPECT_THAT(end, HasSubstr("statement_timeout"));
}

TEST(Statements, StopAtTheDeadlineOfTheirCall) {
  World world;
  const CallPtr call = std::make_shared<base::CallContext>(
      base::CallContext::Options{.request_id = "r",
                                 .identity = "",
                                 .peer = "",
                                 .protocol = "internal",
                                 .method = "",
                                 .deadline = world.clock.Now() + 80ms});
  const auto result =
      world.gateway->Execute(call, world.Open(), {.sql = kManyRows}).ValueOrDie();
  world.Pass(80ms);
  EXPECT_THAT(Text(*result.rows), HasSubstr("80 ms"));
}

TEST(Statements, LetGoOfTheirConnectionWhenNobodyReadsOn) {
  World world({.result_idle_timeout = 5min, .max_running_statements = 1});
  const SessionPtr session = world.Open();
  const auto unread =
      world.gateway->Execute(World::Call(), session, {.sql = kManyRows}).ValueOrDie();
  ASSERT_TRUE(unread.rows->Next().ok());
  EXPECT_THAT(world.Run(session, "SELECT 1"), HasSubstr("statement.max_running"));
  world.Pass(6min);
  ASSERT_TRUE(Eventually([&] { return world.Run(session, "SELECT 1") == "1"; }));
  EXPECT_THAT(Text(*unread.rows), HasSubstr("statement.result_idle_timeout"));
}

TEST(Statements, AreNotKeptOutByResultsThatNobodyReads) {
  World world({.max_running_statements = 2});
  const SessionPtr session = world.Open();
  const auto read = [&] {
    auto result =
        world.gateway->Execute(World::Call(), session, {.sql = kManyRows}).ValueOrDie();
    EXPECT_TRUE(result.rows->Next().ok());
    return result;
  };
  const auto first = read();
  const auto second = read();
  EXPECT_THAT(world.Run(session, "SELECT 1"), HasSubstr("statement.max_running"));
  world.Pass(1000ms);
  EXPECT_EQ(world.Run(session, "SELECT 1"), "1");
  // Who reads on counts again, and is not stopped.
  ASSERT_TRUE(first.rows->Next().ok());
  EXPECT_EQ(world.Run(session, "SELECT 1"), "1");
  ASSERT_TRUE(second.rows->Next().ok());
  EXPECT_THAT(world.Run(session, "SELECT 1"), HasSubstr("statement.max_running"));
}

TEST(Statements, AreAdmittedAgainWhenAResultIsDropped) {
  World world({.max_running_statements = 1});
  const SessionPtr session = world.Open();
  for (int i = 0; i < 3; ++i) {
    auto result =
        world.gateway->Execute(World::Call(), session, {.sql = kManyRows}).ValueOrDie();
    ASSERT_TRUE(result.rows->Next().ok());
  }
  EXPECT_EQ(world.Run(session, "SELECT 1"), "1");
}

TEST(Statements, AreCancelledByTheirIdButNotByAnotherCaller) {
  World world;
  const auto result =
      world.gateway->Execute(World::Call(), world.Open(), {.sql = kManyRows})
          .ValueOrDie();
  EXPECT_THAT(Text(world.gateway->Cancel(World::Call("other"), result.statement_id)),
              StartsWith("not_found"));
  EXPECT_EQ(Text(world.gateway->Cancel(World::Call(), result.statement_id)), "ok");
  EXPECT_THAT(Text(*result.rows), HasSubstr("cancelled"));
  EXPECT_THAT(Text(world.gateway->Cancel(World::Call(), result.statement_id)),
              StartsWith("not_found"));
}

TEST(Statements, AreWrittenDownWithTheirOutcome) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "SELECT range FROM range(5)");
  world.Run(session, "SELECT * FROM missing");
  world.Run(session, "CREATE TABLE t AS SELECT 1 AS a");
  EXPECT_EQ(world.Seen("SELECT verb, state, rows, error IS NULL FROM pintail.statements "
                       "ORDER BY started_at, verb DESC"),
            "unknown|failed|0|false\nSELECT|done|5|true\nCREATE|done|0|true");
  const std::string metrics = world.metrics.Render();
  EXPECT_THAT(metrics,
              HasSubstr(R"(pintail_statements_total{status="ok",verb="SELECT"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(pintail_errors_total{kind="not_found"} 1)"));
  EXPECT_THAT(metrics, HasSubstr("pintail_rows_returned_total 5"));
  EXPECT_THAT(metrics, HasSubstr("pintail_duckdb_memory_bytes"));
}

TEST(Statements, AreRememberedUpToTheBoundAndTheirTextToFourKilobytes) {
  World world({.recent_statements = 2});
  const SessionPtr session = world.Open();
  for (const char* sql : {"SELECT 1", "SELECT 2", "SELECT 3"}) world.Run(session, sql);
  EXPECT_EQ(world.Seen("SELECT count(*) FROM pintail.statements"), "2");
  world.Run(session, "SELECT length('" + std::string(10'000, 'x') + "')");
  EXPECT_EQ(world.Seen("SELECT max(length(sql)) FROM pintail.statements"), "4097");
}

TEST(Statements, AreRefusedWhenANulByteWouldCutThem) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a VARCHAR)");
  const std::string cut("INSERT INTO t VALUES (1)\0 OR NOT", 32);
  EXPECT_THAT(world.Run(session, cut), StartsWith("invalid_sql"));
  EXPECT_THAT(world.Run(session, cut), HasSubstr("NUL character at byte 24"));
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
  EXPECT_EQ(world.Run(session, "SELECT length('a' || chr(0))"), "2");
}

TEST(Statements, RefuseATimeoutOfMoreThanAYear) {
  World world;
  const SessionPtr session = world.Open();
  const auto run = [&](std::chrono::milliseconds timeout) {
    const auto result = world.gateway->Execute(World::Call(), session,
                                               {.sql = "SELECT 1", .timeout = timeout});
    return result.ok() ? Text(*result->rows) : Text(result.status());
  };
  EXPECT_EQ(run(kLongestTimeout), "1");
  EXPECT_THAT(run(kLongestTimeout + 1ms), StartsWith("invalid_argument"));
  EXPECT_THAT(run(std::chrono::milliseconds::max()), StartsWith("invalid_argument"));
}

}  // namespace
}  // namespace pintail::gateway
