#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using testing::Batch;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

std::shared_ptr<arrow::RecordBatch> Int64s(const std::string& json_rows) {
  return Batch(arrow::schema({arrow::field("0", arrow::int64())}), json_rows);
}

std::string Execute(World& world, const std::string& handle,
                    std::shared_ptr<arrow::RecordBatch> parameters = nullptr) {
  const auto result =
      world.gateway->ExecutePrepared(World::Call(), handle, std::move(parameters));
  return result.ok() ? Text(*result->rows) : Text(result.status());
}

TEST(PreparedStatements, TellTheirResultAndParametersBeforeTheyRun) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a BIGINT, b VARCHAR)");
  const auto info = world.gateway
                        ->Prepare(World::Call(), session,
                                  "SELECT b FROM t WHERE a = $first AND b = $second", "")
                        .ValueOrDie();
  EXPECT_EQ(info.schema->ToString(), "b: string");
  EXPECT_EQ(info.parameter_schema->ToString(), "first: int64\nsecond: string");
  EXPECT_TRUE(info.traits.read_only);
}

TEST(PreparedStatements, RunAgainAndAgainAlsoSideBySide) {
  World world;
  const SessionPtr session = world.Open();
  const std::string handle =
      world.gateway
          ->Prepare(World::Call(), session, "SELECT range FROM range(?::BIGINT)", "")
          .ValueOrDie()
          .handle;
  const auto unread =
      world.gateway
          ->ExecutePrepared(World::Call(), handle, Int64s(R"([{"0": 10000000}])"))
          .ValueOrDie();
  ASSERT_TRUE(unread.rows->Next().ok());
  EXPECT_EQ(Execute(world, handle, Int64s(R"([{"0": 2}])")), "0\n1");
  EXPECT_TRUE(unread.rows->Next().ok());
  EXPECT_EQ(Execute(world, handle, Int64s(R"([{"0": 1}])")), "0");
}

TEST(PreparedStatements, KeepTheirParametersUntilBoundAnew) {
  World world;
  const std::string handle =
      world.gateway->Prepare(World::Call(), world.Open(), "SELECT ?::BIGINT + 1", "")
          .ValueOrDie()
          .handle;
  EXPECT_THAT(Execute(world, handle), StartsWith("invalid_argument"));
  ASSERT_TRUE(world.gateway->Bind(World::Call(), handle, Int64s(R"([{"0": 1}])")).ok());
  EXPECT_EQ(Execute(world, handle), "2");
  EXPECT_EQ(Execute(world, handle), "2");
  const auto two = arrow::schema(
      {arrow::field("0", arrow::int64()), arrow::field("1", arrow::int64())});
  EXPECT_THAT(Text(world.gateway->Bind(World::Call(), handle,
                                       Batch(two, R"([{"0": 1, "1": 2}])"))),
              StartsWith("invalid_argument"));
}

// The sequence of the metrics cache clients: the insert happens when it is parked, and
// its statement may be closed before anyone fetches.
TEST(PreparedStatements, TakeEffectOnceWhenParkedAndOutliveTheirHandle) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a BIGINT, b VARCHAR)");
  const std::string handle =
      world.gateway->Prepare(World::Call(), session, "INSERT INTO t VALUES (?, ?)", "")
          .ValueOrDie()
          .handle;
  const auto schema = arrow::schema(
      {arrow::field("0", arrow::int64()), arrow::field("1", arrow::utf8())});
  ASSERT_TRUE(
      world.gateway->Bind(World::Call(), handle, Batch(schema, R"([{"0": 1, "1": "x"}])"))
          .ok());
  const auto parked = world.gateway->ParkPrepared(World::Call(), handle).ValueOrDie();
  EXPECT_EQ(parked.rows_changed, 1);
  EXPECT_EQ(world.Seen("SELECT * FROM t"), "1|x");
  ASSERT_TRUE(world.gateway->ClosePrepared(World::Call(), handle).ok());
  EXPECT_EQ(world.Fetch(parked.handle), "");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "1");
}

TEST(PreparedStatements, ParkReadsWithParametersOfAnotherType) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t AS SELECT 5::BIGINT AS a");
  const std::string handle =
      world.gateway
          ->Prepare(World::Call(), session, "SELECT a, ? AS p FROM t WHERE a >= ?", "")
          .ValueOrDie()
          .handle;
  const auto schema = arrow::schema(
      {arrow::field("0", arrow::utf8()), arrow::field("1", arrow::float64())});
  ASSERT_TRUE(
      world.gateway
          ->Bind(World::Call(), handle, Batch(schema, R"([{"0": "x", "1": 4.5}])"))
          .ok());
  const auto parked = world.gateway->ParkPrepared(World::Call(), handle).ValueOrDie();
  const auto fetched = world.gateway->Fetch(World::Call(), parked.handle).ValueOrDie();
  EXPECT_TRUE(fetched.rows->schema()->Equals(*parked.schema));
  EXPECT_EQ(Text(*fetched.rows), "5|x");
}

TEST(PreparedStatements, SeeSettingsMadeAfterThem) {
  World world;
  const SessionPtr session = world.Open();
  const std::string handle =
      world.gateway
          ->Prepare(World::Call(), session, "SELECT current_setting('TimeZone')", "")
          .ValueOrDie()
          .handle;
  world.Run(session, "SET TimeZone = 'Asia/Tokyo'");
  EXPECT_EQ(Execute(world, handle), "Asia/Tokyo");
}

TEST(PreparedStatements, BeginAndEndTransactionsOfTheSession) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const auto prepare = [&](const char* sql) {
    return world.gateway->Prepare(World::Call(), session, sql, "").ValueOrDie().handle;
  };
  const std::string insert = prepare("INSERT INTO t VALUES (1)");
  EXPECT_EQ(Execute(world, prepare("BEGIN")), "");
  EXPECT_EQ(Execute(world, insert), "");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
  EXPECT_EQ(Execute(world, prepare("COMMIT")), "");
  EXPECT_EQ(Execute(world, insert), "");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "2");
}

TEST(PreparedStatements, MayBeSeveralInOneText) {
  World world;
  const SessionPtr session = world.Open();
  const auto info =
      world.gateway
          ->Prepare(World::Call(), session,
                    "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2)", "")
          .ValueOrDie();
  EXPECT_TRUE(info.traits.has_effect());
  EXPECT_EQ(world.Seen("SELECT count(*) FROM duckdb_tables()"), "0");
  EXPECT_EQ(Execute(world, info.handle), "");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "2");
}

TEST(PreparedStatements, DoNotExistForAnotherCallerOrOnceClosed) {
  World world;
  const std::string handle =
      world.gateway->Prepare(World::Call(), world.Open(), "SELECT 1", "")
          .ValueOrDie()
          .handle;
  EXPECT_THAT(Text(world.gateway->ClosePrepared(World::Call("other"), handle)),
              StartsWith("not_found"));
  EXPECT_EQ(Text(world.gateway->ClosePrepared(World::Call(), handle)), "ok");
  EXPECT_THAT(Execute(world, handle), StartsWith("not_found"));
}

TEST(PreparedStatements, AreRefusedPastTheBoundOfTheirSession) {
  World world({.max_prepared_per_session = 1});
  const auto prepare = [&](const char* key) {
    return Text(
        world.gateway->Prepare(World::Call(), world.Open(key), "SELECT 1", "").status());
  };
  EXPECT_EQ(prepare("a"), "ok");
  EXPECT_EQ(prepare("b"), "ok");
  EXPECT_THAT(prepare("a"), HasSubstr("session.max_prepared"));
}

}  // namespace
}  // namespace pintail::gateway
