// Tables whose older rows are in a source: what queries read here, and what there.
#include "engine/tier_plan.h"

#include <gtest/gtest.h>

#include "engine/tails.h"
#include "engine/testing/tail.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Arrive;
using testing::Batch;
using testing::Cell;
using testing::Execute;
using testing::Parameters;
using testing::Prepare;
using testing::Value;

// Another database in memory stands for the source: what is read where is the same.
class TierPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database_->tails().OpenPositions().ok());
    acting_ = database_->tails().ActAsServer(*server_);
    Do("ATTACH ':memory:' AS src");
    Do("CREATE TABLE src.main.events (ts TIMESTAMP, id BIGINT, s VARCHAR)");
    Do("CREATE TABLE t (id BIGINT, ts TIMESTAMP, s VARCHAR)");
    AsServer(std::string("CREATE TABLE pintail_journal.tiers (") + kTiersColumns + ")");
    AsServer(
        "INSERT INTO pintail_journal.tiers VALUES ('MAIN', 'T', 'src', 'main', 'events', "
        "'TS', NULL, NULL)");
    // Minutes 0 to 9 of an hour, all of them sent.
    AsServer("INSERT INTO t SELECT i, " + Minute("i") +
             ", 'row ' || i FROM range(10) r(i)");
    Do("INSERT INTO src.main.events SELECT ts, id, s FROM t");
  }

  static std::string Minute(const std::string& minute) {
    return "TIMESTAMP '2026-01-01' + INTERVAL 1 MINUTE * " + minute;
  }
  void Do(const std::string& sql) { Do(*connection_, sql); }
  void AsServer(const std::string& sql) { Do(*server_, sql); }
  static void Do(Connection& connection, const std::string& sql) {
    const auto status = Execute(connection, sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.ToString();
  }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  std::string Plan(const std::string& sql) {
    const auto rows = testing::Rows(*connection_, "EXPLAIN " + sql);
    return rows->GetColumnByName("explain_value")->GetScalar(0).ValueOrDie()->ToString();
  }
  bool AsksSource(const std::string& sql) {
    return Plan(sql).find("src.main.events") != std::string::npos;
  }
  // What the server does when rows have left.
  void MoveTo(const std::string& boundary) {
    ASSERT_TRUE(server_->Begin(/*for_changes=*/true).ok());
    AsServer("DELETE FROM t WHERE ts < '" + boundary + "'");
    AsServer("UPDATE pintail_journal.tiers SET boundary = '" + boundary + "'");
    ASSERT_TRUE(server_->Commit().ok());
  }
  void Arrives(const std::string& json) {
    const auto schema =
        arrow::schema({arrow::field("id", arrow::int64()),
                       arrow::field("ts", arrow::timestamp(arrow::TimeUnit::MICRO)),
                       arrow::field("s", arrow::utf8())});
    const auto status = Arrive(*database_, *server_, "t", {Batch(schema, json)});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
  std::unique_ptr<Connection> server_ = Value(database_->Connect());
  std::shared_ptr<void> acting_;
};

constexpr const char* kBoundary = "2026-01-01 00:05:00";
constexpr const char* kSum = "SELECT concat(count(*), ' ', sum(id)) FROM t";

TEST_F(TierPlanTest, ATableFromWhichNothingLeftIsReadHereOnly) {
  EXPECT_EQ(Get(kSum), "10 45");
  EXPECT_FALSE(AsksSource("SELECT * FROM t"));
  Do("DETACH src");
  EXPECT_EQ(Get(kSum), "10 45");
}

TEST_F(TierPlanTest, EachRowIsReadOnceBeforeAndAfterItLeft) {
  MoveTo(kBoundary);
  EXPECT_EQ(Cell(*server_, kSum), "5 35");  // here
  EXPECT_EQ(Get(kSum), "10 45");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "10");
  EXPECT_EQ(Get("SELECT string_agg(s, ',' ORDER BY ts) FROM t WHERE id IN (4, 5)"),
            "row 4,row 5");
  EXPECT_EQ(Get("SELECT string_agg(id, ',' ORDER BY id) FROM t WHERE ts = '" +
                std::string(kBoundary) + "'"),
            "5");
  EXPECT_EQ(Get("SELECT min(ts) FROM t"), "2026-01-01 00:00:00.000000");
}

TEST_F(TierPlanTest, EveryKindOfQueryReadsBothSides) {
  Do("CREATE VIEW v AS SELECT id * 10 AS id, ts FROM t");
  Do("CREATE MACRO above(n) AS TABLE SELECT id FROM t WHERE id > n");
  MoveTo(kBoundary);
  EXPECT_EQ(Get("SELECT sum(id) FROM v"), "450");
  EXPECT_EQ(Get("SELECT sum(id) FROM v WHERE ts >= '2026-01-01 00:04:00'"), "390");
  EXPECT_EQ(Get("SELECT count(*) FROM above(2)"), "7");
  EXPECT_EQ(Get("SELECT count(*) FROM t a JOIN t b ON a.id = b.id"), "10");
  EXPECT_EQ(Get("SELECT count(*) FROM t a LEFT JOIN t b ON a.id = b.id + 5"), "10");
  EXPECT_EQ(Get("SELECT count(*) FROM t WHERE id IN (SELECT id + 1 FROM t)"), "9");
  EXPECT_EQ(Get("SELECT count(*) FROM t a WHERE NOT EXISTS (SELECT 1 FROM t b WHERE b.id "
                "= a.id + 1)"),
            "1");
  EXPECT_EQ(
      Get("WITH x AS MATERIALIZED (SELECT * FROM t) SELECT sum(a.id) FROM x a, x b"),
      "450");
  EXPECT_EQ(Get("SELECT id FROM t ORDER BY ts DESC LIMIT 1 OFFSET 7"), "2");
  EXPECT_EQ(
      Get("SELECT (SELECT max(b.id) FROM t b WHERE b.id < a.id) FROM t a WHERE a.id "
          "= 5"),
      "4");
  EXPECT_EQ(Get("SELECT sum(id) OVER (ORDER BY id) FROM t ORDER BY id DESC LIMIT 1"),
            "45");
  EXPECT_EQ(Get("SELECT count(*) FROM (SELECT id FROM t UNION SELECT id + 1 FROM t)"),
            "11");
  EXPECT_EQ(Get("SELECT count(*) FROM t USING SAMPLE 100 PERCENT"), "10");
  Do("CREATE TABLE u AS SELECT * FROM t");
  EXPECT_EQ(Get("SELECT sum(id) FROM u"), "45");
  Do("INSERT INTO u SELECT * FROM t WHERE id < 7");
  EXPECT_EQ(Get("SELECT sum(id) FROM u"), "66");
  Do("DELETE FROM u WHERE id IN (SELECT id FROM t WHERE id <> 6)");
  EXPECT_EQ(Get("SELECT sum(id) FROM u"), "12");
}

TEST_F(TierPlanTest, RowsWithoutATimeStayHere) {
  AsServer("INSERT INTO t VALUES (100, NULL, 'n')");
  Do("INSERT INTO src.main.events VALUES (NULL, 100, 'n')");
  MoveTo(kBoundary);
  EXPECT_EQ(Get(kSum), "11 145");
  EXPECT_EQ(Get("SELECT count(*) FROM t WHERE ts IS NULL"), "1");
}

// They are in the source when they are acknowledged.
TEST_F(TierPlanTest, RowsThatCameTooLateAreReadInTheSourceOnly) {
  MoveTo(kBoundary);
  AsServer("INSERT INTO t VALUES (100, '2026-01-01 00:01:30', 'late')");
  EXPECT_EQ(Get(kSum), "10 45");
  Do("INSERT INTO src.main.events VALUES ('2026-01-01 00:01:30', 100, 'late')");
  EXPECT_EQ(Get(kSum), "11 145");
}

TEST_F(TierPlanTest, RowsInTheTailAreReadByTheBoundaryToo) {
  MoveTo(kBoundary);
  Arrives(R"([[100, "2026-01-01 00:30:00", "new"], [1000, "2026-01-01 00:01:00", "late"],
              [10000, null, "n"]])");
  EXPECT_EQ(Get(kSum), "12 10145");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "12");
  Do("INSERT INTO src.main.events SELECT '2026-01-01 00:30:00', 100, 'new'");
  Do("INSERT INTO src.main.events SELECT '2026-01-01 00:01:00', 1000, 'late'");
  EXPECT_EQ(Get(kSum), "13 11145");
}

TEST_F(TierPlanTest, TheSourceIsAskedOnlyForRowsBelowTheBoundary) {
  Do("CREATE VIEW v AS SELECT s, date_trunc('minute', ts) AS minute, ts FROM t");
  MoveTo(kBoundary);
  for (const char* hot : {
           "SELECT * FROM t WHERE ts >= '2026-01-01 00:05:00'",
           "SELECT count(*) FROM t WHERE ts > '2026-01-01 00:06:00' AND id > 3",
           "SELECT * FROM t WHERE ts = '2026-01-01 00:07:00'",
           "SELECT * FROM t WHERE ts BETWEEN '2026-01-01 00:06:00' AND '2026-01-01 "
           "00:07:00'",
           "SELECT * FROM t WHERE ts >= TIMESTAMP '2026-01-01 00:06:00' - INTERVAL 1 "
           "MINUTE",
           "SELECT * FROM t WHERE ts > (now() - INTERVAL 1 MINUTE)::TIMESTAMP",
           "SELECT * FROM t WHERE ts >= current_date",
           "SELECT count(*) FROM v WHERE ts >= '2026-01-01 00:05:00' GROUP BY minute",
           "SELECT * FROM (SELECT * FROM t) x JOIN (SELECT 3 AS id) y USING (id) WHERE "
           "x.ts "
           "> '2026-01-01 00:06:00'",
           "WITH x AS (SELECT * FROM t) SELECT count(*) FROM x WHERE ts > '2026-01-01 "
           "00:06:00'",
           "SELECT * FROM t WHERE false",
       }) {
    EXPECT_FALSE(AsksSource(hot)) << hot << Plan(hot);
  }
  for (const char* cold : {
           "SELECT * FROM t",
           "SELECT * FROM t WHERE ts >= '2026-01-01 00:04:59'",
           "SELECT * FROM t WHERE id = 9",
           "SELECT * FROM t WHERE ts > '2026-01-01 00:06:00' OR id = 3",
       }) {
    EXPECT_TRUE(AsksSource(cold)) << cold << Plan(cold);
  }
}

TEST_F(TierPlanTest, WithoutTheSourceTheHotPartAnswersAndTheRestSaysWhy) {
  MoveTo(kBoundary);
  Do("DETACH src");
  const std::string hot = " WHERE ts >= '2026-01-01 00:05:00'";
  EXPECT_EQ(Get(kSum + hot), "5 35");
  EXPECT_EQ(Get("SELECT count(*) FROM t a JOIN t b USING (id) WHERE a.ts >= '2026-01-01 "
                "00:06:00' AND b.ts >= '2026-01-01 00:06:00'"),
            "4");
  const auto status = Execute(*connection_, kSum);
  EXPECT_EQ(base::KindOf(status), ErrorKind::kUnavailable) << status;
  for (const char* word : {"before 2026-01-01 00:05:00", "events", "newer rows"}) {
    EXPECT_NE(status.message().find(word), std::string::npos) << status;
  }
  // And everything again when it is back.
  Do("ATTACH ':memory:' AS src");
  Do("CREATE TABLE src.main.events AS SELECT TIMESTAMP '2026-01-01' AS ts, 100 AS id, "
     "'s' AS s");
  EXPECT_EQ(Get(kSum), "6 135");
}

TEST_F(TierPlanTest, APreparedQueryOfTheHotPartDoesNotNeedTheSource) {
  MoveTo(kBoundary);
  const auto prepared =
      Prepare(*connection_, "SELECT count(*) FROM t WHERE ts >= CAST($1 AS TIMESTAMP)");
  const auto count = [&](const std::string& since) {
    const auto rows = Value(
        prepared->Execute(Parameters({{"1", arrow::utf8(), "\"" + since + "\""}}), {}));
    return Value(rows->Next())->column(0)->GetScalar(0).ValueOrDie()->ToString();
  };
  EXPECT_EQ(count("2026-01-01 00:03:00"), "7");
  Do("DETACH src");
  EXPECT_EQ(count("2026-01-01 00:06:00"), "4");
}

TEST_F(TierPlanTest, ATransactionSeesRowsAndBoundaryOfItsBeginning) {
  ASSERT_TRUE(connection_->Begin().ok());
  MoveTo(kBoundary);
  EXPECT_EQ(Get(kSum), "10 45");
  EXPECT_FALSE(AsksSource("SELECT * FROM t"));
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_TRUE(AsksSource("SELECT * FROM t"));
  ASSERT_TRUE(connection_->Begin().ok());
  EXPECT_EQ(Get(kSum), "10 45");
  MoveTo("2026-01-01 00:08:00");
  EXPECT_EQ(Get(kSum), "10 45");
  EXPECT_FALSE(AsksSource("SELECT * FROM t WHERE ts >= '2026-01-01 00:05:00'"));
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_TRUE(AsksSource("SELECT * FROM t WHERE ts >= '2026-01-01 00:05:00'"));
  EXPECT_EQ(Get(kSum), "10 45");
}

TEST_F(TierPlanTest, APreparedQueryFollowsTheBoundary) {
  const auto prepared = Prepare(*connection_, kSum);
  const auto sum = [&] {
    const auto rows = Value(prepared->Execute({}, {}));
    return Value(rows->Next())->column(0)->GetScalar(0).ValueOrDie()->ToString();
  };
  EXPECT_EQ(sum(), "10 45");
  MoveTo(kBoundary);
  EXPECT_EQ(sum(), "10 45");
  MoveTo("2026-01-01 00:09:00");
  EXPECT_EQ(sum(), "10 45");
}

TEST_F(TierPlanTest, RowNumbersAreRefusedOnceRowsHaveLeft) {
  EXPECT_EQ(Get("SELECT max(rowid) FROM t"), "9");
  MoveTo(kBoundary);
  const auto status = Execute(*connection_, "SELECT rowid FROM t");
  EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidSql) << status;
  EXPECT_NE(status.message().find("no row numbers"), std::string::npos) << status;
}

TEST_F(TierPlanTest, ATableOfTheSameNameElsewhereIsItsOwn) {
  MoveTo(kBoundary);
  Do("CREATE SCHEMA other");
  Do("CREATE TABLE other.t AS SELECT 1 AS id");
  EXPECT_EQ(Get("SELECT sum(id) FROM other.t"), "1");
}

}  // namespace
}  // namespace pintail::engine
