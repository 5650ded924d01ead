#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "engine/testing/source_test.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::FakeSource;
using testing::KindOfFailure;
using testing::Rows;
using testing::Value;

class SourceScans : public testing::SourceTest {};

TEST_F(SourceScans, GiveEachTypeAsALocalTableDoes) {
  const char* const kValues[] = {"true",
                                 "1::TINYINT",
                                 "-2::SMALLINT",
                                 "3::INTEGER",
                                 "-4::BIGINT",
                                 "5::UTINYINT",
                                 "6::USMALLINT",
                                 "7::UINTEGER",
                                 "8::UBIGINT",
                                 "1.5::FLOAT",
                                 "-2.25::DOUBLE",
                                 "'nan'::DOUBLE",
                                 "12.345::DECIMAL(9, 3)",
                                 "'text'",
                                 "''",
                                 "'\\xAA\\x00'::BLOB",
                                 "DATE '2024-02-29'",
                                 "TIME '12:34:56.789'",
                                 "TIMESTAMP '2024-02-29 12:34:56.789'",
                                 "TIMESTAMP_S '2024-02-29 12:34:56'",
                                 "TIMESTAMP_MS '2024-02-29 12:34:56.789'",
                                 "TIMESTAMP_NS '2024-02-29 12:34:56.123456789'",
                                 "TIMESTAMPTZ '2024-02-29 12:34:56+02'",
                                 "INTERVAL '1 month 2 days 3 us'",
                                 "[1, NULL, 3]",
                                 "{'a': 1, 'b': 'x'}",
                                 "MAP {'k': 1}",
                                 "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID",
                                 "[['a'], [], NULL]",
                                 "'{\"a\": 1}'::JSON"};
  for (const char* value : kValues) {
    Both("CREATE OR REPLACE TABLE t AS SELECT i, CASE WHEN i % 3 <> 0 THEN " +
         std::string(value) + " END AS v FROM range(5000) r(i)");
    clock_.Advance(std::chrono::hours(1));
    const auto here = Rows(*connection_, "SELECT * FROM t");
    const auto there = Rows(*connection_, "SELECT * FROM shop.main.t");
    EXPECT_TRUE(here->Equals(*there, arrow::EqualOptions().nans_equal(true)))
        << value << "\n"
        << here->schema()->ToString() << "\n"
        << there->schema()->ToString();
  }
}

TEST_F(SourceScans, FindTheSameRowsAsPlainDuckDb) {
  Both(
      "CREATE TABLE t AS SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 10 END AS n, "
      "CASE WHEN i % 5 = 0 THEN 'nan'::DOUBLE WHEN i % 5 = 1 THEN -0.0 ELSE i / 4 END AS "
      "f, (i / 8)::FLOAT AS g, 'name ' || (i % 13) AS s, DATE '2024-01-01' + (i % "
      "40)::INTEGER AS d, TIMESTAMP '2024-01-01' + to_hours(i) AS w, TIMESTAMPTZ "
      "'2024-01-01 00:00:00+00' + to_hours(i) AS tz, i % 2 = 0 AS b, (i / "
      "100)::DECIMAL(9, "
      "2) AS x FROM range(3000) r(i)");
  const char* const kFilters[] = {
      "i = 5",
      "5 = i",
      "i <> 5",
      "i < 5",
      "i >= 2990",
      "i IN (1, 2, 3, 9999)",
      "i NOT IN (1, 2, 3)",
      "i BETWEEN 10 AND 20",
      "NOT (i BETWEEN 10 AND 2990)",
      "n IS NULL",
      "n IS NOT NULL",
      "n = 3 OR n IS NULL",
      "n = 3 AND i < 100",
      "n IS DISTINCT FROM 3",
      "n IS NOT DISTINCT FROM NULL",
      "f = 'nan'",
      "f > 700",
      "f <= 700",
      "f <> 1",
      "f = 0",
      "f BETWEEN 1 AND 2",
      "g = 0.125",
      "g < 0.3",
      "g > 370",
      "s = 'name 5'",
      "s <> 'name 5'",
      "s < 'name 3'",
      "s > 'name 3'",
      "s LIKE 'name 1%'",
      "s LIKE '%5'",
      "s LIKE 'name\\_%' ESCAPE '\\'",
      "starts_with(s, 'name 1')",
      "s IN ('name 1', 'it''s')",
      "upper(s) = 'NAME 5'",
      "d = DATE '2024-01-05'",
      "d > DATE '2024-02-01'",
      "w < TIMESTAMP '2024-01-02'",
      "w >= '2024-04-20 12:00:00.5'",
      "tz < TIMESTAMPTZ '2024-01-02 00:00:00+02'",
      "b",
      "NOT b",
      "b = true",
      "x = 1.25",
      "x > 29.5",
      "x IN (0.01, 0.02)",
      "i = n",
      "i + 1 = 5",
      "i = 5 OR length(s) = 6",
      "(i = 5 OR n = 2) AND s = 'name 2'",
      "false",
      "NULL",
      "i = NULL",
      "i IN (SELECT n FROM t WHERE n < 4)",
      "i = (SELECT max(i) FROM t)",
      "EXISTS (SELECT 1 FROM t u WHERE u.i = t.n AND u.i = 2)"};
  for (const char* filter : kFilters) {
    const std::string where = " WHERE " + std::string(filter) + " ORDER BY i";
    const auto here = Rows(*connection_, "SELECT * FROM t" + where);
    const auto there = Rows(*connection_, "SELECT * FROM shop.main.t AS t" + where);
    EXPECT_TRUE(here->Equals(*there, arrow::EqualOptions().nans_equal(true)))
        << filter << ": " << here->num_rows() << " rows, not " << there->num_rows();
    const auto counted = "SELECT count(*) FROM shop.t AS t WHERE " + std::string(filter);
    EXPECT_EQ(Cell(*connection_, counted), std::to_string(here->num_rows())) << filter;
  }
}

TEST_F(SourceScans, SendConditionsAndColumns) {
  Run("SET pintail_push_down = false");
  ASSERT_TRUE(Execute(source_->direct(),
                      "CREATE TABLE t(i BIGINT, s VARCHAR, d DATE, \"a\"\"b\" INTEGER)")
                  .ok());
  const struct {
    const char* sql;
    std::vector<std::string> columns;
    const char* where;
  } kRows[] = {
      {"SELECT s FROM shop.t", {"s"}, ""},
      {"SELECT count(*) FROM shop.t", {"i"}, ""},
      {"SELECT * FROM shop.t", {"i", "s", "d", "a\"b"}, ""},
      {"SELECT s FROM shop.t WHERE i = 5", {"s"}, R"(("i" = CAST(5 AS BIGINT)))"},
      {"SELECT s FROM shop.t WHERE i = 5 AND \"a\"\"b\" IS NULL",
       {"s"},
       R"((("a""b" IS NULL)) AND (("i" = CAST(5 AS BIGINT))))"},
      {"SELECT i FROM shop.t WHERE s = 'it''s'",
       {"i"},
       R"((CAST("s" AS VARCHAR) COLLATE C = 'it''s'))"},
      {"SELECT i FROM shop.t WHERE d >= DATE '2024-01-02'",
       {"i"},
       R"(("d" >= DATE '2024-01-02'))"},
      {"SELECT i FROM shop.t WHERE i = 1 OR d IS NULL",
       {"i"},
       R"((("i" = CAST(1 AS BIGINT)) OR ("d" IS NULL)))"},
      {"SELECT s FROM shop.t WHERE upper(s) = 'X'", {"s"}, ""},
  };
  for (const auto& row : kRows) {
    Rows(*connection_, row.sql);
    const auto scans = source_->TakeScans();
    ASSERT_EQ(scans.size(), 1) << row.sql;
    EXPECT_EQ(scans[0].where, row.where) << row.sql;
    auto columns = scans[0].columns;
    for (const auto& column : row.columns) {
      EXPECT_TRUE(std::ranges::find(columns, column) != columns.end()) << row.sql;
    }
    EXPECT_EQ(columns.size(), row.columns.size()) << row.sql;
  }
}

TEST_F(SourceScans, SendTheValuesOfParameters) {
  Both("CREATE TABLE t AS SELECT i FROM range(100) r(i)");
  auto prepared = testing::Prepare(*connection_, "SELECT * FROM shop.t WHERE i = ?");
  for (const char* value : {"7", "8"}) {
    auto rows = Value(
        Value(prepared->Execute(testing::Parameters({{"1", arrow::int64(), value}}), {}))
            ->ToTable());
    EXPECT_EQ(rows->num_rows(), 1);
    const auto scans = source_->TakeScans();
    ASSERT_EQ(scans.size(), 1);
    EXPECT_EQ(scans[0].where, R"(("i" = CAST()" + std::string(value) + " AS BIGINT))");
  }
}

TEST_F(SourceScans, SendALimitWhenNothingIsLookedAtAgain) {
  Run("SET pintail_push_down = false");
  Both("CREATE TABLE t AS SELECT i, 'x' || i AS s FROM range(100) r(i)");
  const struct {
    const char* sql;
    int64_t rows;
    std::optional<int64_t> limit;
  } kRows[] = {
      {"SELECT i FROM shop.t LIMIT 3", 3, 3},
      {"SELECT i + 1 FROM shop.t LIMIT 3 OFFSET 2", 3, 5},
      {"SELECT i FROM shop.t WHERE i > 50 LIMIT 3", 3, 3},
      {"SELECT i FROM shop.t WHERE upper(s) >= 'X' LIMIT 3", 3, std::nullopt},
      {"SELECT i FROM shop.t ORDER BY i DESC LIMIT 3", 3, std::nullopt},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Rows(*connection_, row.sql)->num_rows(), row.rows) << row.sql;
    const auto scans = source_->TakeScans();
    ASSERT_EQ(scans.size(), 1);
    EXPECT_EQ(scans[0].limit, row.limit) << row.sql;
  }
}

TEST_F(SourceScans, SendTheKeysOfAJoinsOtherSide) {
  Both("CREATE TABLE t AS SELECT i, i * 2 AS d FROM range(100000) r(i)");
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE few AS SELECT 4711 AS i").ok());
  EXPECT_EQ(Cell(*connection_, "SELECT t.d FROM shop.t t JOIN few USING (i)"), "9422");
  const auto scans = source_->TakeScans();
  ASSERT_EQ(scans.size(), 1);
  EXPECT_NE(scans[0].where.find("4711"), std::string::npos) << scans[0].where;
}

TEST_F(SourceScans, StreamWithOneLeaseEach) {
  Both("CREATE TABLE t AS SELECT i FROM range(300000) r(i)");
  auto result = Value(connection_->Run("SELECT i FROM shop.t"));
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(result->ReadNext(&batch).ok());
  EXPECT_EQ(source_->leases, 1);
  EXPECT_EQ(source_->begins, 0);
  result.reset();
  EXPECT_EQ(source_->open_sessions, 0);
}

TEST_F(SourceScans, OfOneStatementSeeOneSnapshot) {
  Run("SET pintail_push_down = false");
  Both("CREATE TABLE t AS SELECT i FROM range(5000) r(i)");
  EXPECT_EQ(
      Cell(*connection_, "SELECT count(*) FROM shop.t a JOIN shop.t b ON a.i = b.i + 1"),
      "4999");
  EXPECT_EQ(source_->leases, 1);
  EXPECT_EQ(source_->begins, 1);
  EXPECT_EQ(source_->commits, 1);
}

TEST_F(SourceScans, KeepTheKindOfAnError) {
  Both("CREATE TABLE t AS SELECT 1 AS i");
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "1");
  source_->FailWith(
      base::MakeError(ErrorKind::kUnavailable, "the source \"shop\" is down"));
  const auto scan = Execute(*connection_, "SELECT i FROM shop.t");
  EXPECT_EQ(KindOfFailure(scan), ErrorKind::kUnavailable);
  EXPECT_EQ(scan.message(), "the source \"shop\" is down");
  const auto look_up = Execute(*connection_, "SELECT i FROM shop.other");
  EXPECT_EQ(KindOfFailure(look_up), ErrorKind::kUnavailable);
  source_->FailWith(arrow::Status::OK());
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "1");
}

TEST_F(SourceScans, EndWhenTheyAreInterrupted) {
  Both("CREATE TABLE t AS SELECT 1 AS i");
  source_->Block();
  std::jthread interrupter([&] {
    source_->WaitUntilBlocked();
    connection_->Interrupt();
  });
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT i FROM shop.t")),
            ErrorKind::kCancelled);
  EXPECT_GE(source_->cancels, 1);
  EXPECT_EQ(source_->open_sessions, 0);
  source_->Unblock();
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "1");
}

TEST_F(SourceScans, EndWhenTheStatementIsStopped) {
  Both("CREATE TABLE t AS SELECT 1 AS i");
  source_->Block();
  std::stop_source stop;
  std::jthread stopper([&] {
    source_->WaitUntilBlocked();
    stop.request_stop();
  });
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT i FROM shop.t", {},
                                  {.stop = stop.get_token()})),
            ErrorKind::kCancelled);
  source_->Unblock();
}

TEST_F(SourceScans, EndWhenAnotherPartOfTheStatementFails) {
  Both("CREATE TABLE t AS SELECT 1 AS i");
  source_->Block();
  const auto failed =
      Execute(*connection_,
              "SELECT error('here') FROM range(1) UNION ALL SELECT i::VARCHAR FROM "
              "shop.t");
  EXPECT_FALSE(failed.ok());
  source_->Unblock();
}

TEST_F(SourceScans, ShowInExplainWhatIsSent) {
  Both("CREATE TABLE t AS SELECT 1 AS i, 'a' AS s");
  const auto plan = Rows(*connection_, "EXPLAIN SELECT s FROM shop.t WHERE i = 5");
  const std::string text = Value(plan->column(1)->GetScalar(0))->ToString();
  EXPECT_NE(text.find("shop"), std::string::npos) << text;
  EXPECT_NE(text.find("main.t"), std::string::npos) << text;
  EXPECT_NE(text.find("\"i\" = CAST(5"), std::string::npos) << text;
}

TEST_F(SourceScans, FindRowsByKeyWhereThereIsNoSql) {
  auto store = std::make_shared<FakeSource>("store", FakeSource::KeyValue());
  ASSERT_TRUE(
      Execute(store->direct(),
              "CREATE TABLE t AS SELECT 'k' || i AS k, i AS v FROM range(1000) r(i)")
          .ok());
  ASSERT_TRUE(database_->AttachSource(store).ok());
  const struct {
    const char* where;
    const char* sum;
    int64_t keys;  // -1: all rows are read
  } kRows[] = {{"k = 'k7'", "7", 1},
               {"k IN ('k7', 'k8', 'none')", "15", 3},
               {"k = 'k7' AND v = 7", "7", 1},
               {"k = 'k7' OR v = 8", "15", -1},
               {"v = 8", "8", -1},
               {"k > 'k998'", "999", -1}};
  for (const auto& row : kRows) {
    EXPECT_EQ(Cell(*connection_,
                   "SELECT sum(v)::BIGINT FROM store.t WHERE " + std::string(row.where)),
              row.sum);
    const auto scans = store->TakeScans();
    ASSERT_EQ(scans.size(), 1);
    EXPECT_EQ(scans[0].keys ? scans[0].keys->length() : -1, row.keys) << row.where;
    EXPECT_EQ(scans[0].where, "");
  }
}

TEST_F(SourceScans, RunSideBySide) {
  Both("CREATE TABLE t AS SELECT i FROM range(20000) r(i)");
  std::vector<std::jthread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      auto connection = Value(database_->Connect());
      for (int turn = 0; turn < 10; ++turn) {
        EXPECT_EQ(Cell(*connection, "SELECT count(*) FROM shop.t WHERE i >= " +
                                        std::to_string(n * 10)),
                  std::to_string(20000 - n * 10));
      }
    });
  }
}

}  // namespace
}  // namespace pintail::engine
