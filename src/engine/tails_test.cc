#include "engine/tails.h"

#include <gtest/gtest.h>

#include <thread>

#include "arrow/array.h"

#include "engine/testing/tail.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Arrive;
using testing::Batch;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::MoveAll;
using testing::Parameters;
using testing::Prepare;
using testing::Value;
using testing::Waiting;

const auto kSchema = testing::NumbersSchema();

class TailsTest : public ::testing::Test {
 protected:
  void SetUp() override { Do("CREATE TABLE t (i BIGINT, s VARCHAR)"); }

  void Do(const std::string& sql) { Do(*connection_, sql); }
  static void Do(Connection& connection, const std::string& sql) {
    const auto status = Execute(connection, sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.ToString();
  }
  void Arrives(const std::string& json, const std::string& table = "t") {
    const auto status = Arrive(*database_, *other_, table, {Batch(kSchema, json)});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // With what waits as it is, unlike SQL's BEGIN.
  void Begin() { ASSERT_TRUE(connection_->Begin().ok()); }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  int64_t Waits() { return Waiting(*database_, "t"); }

  base::ManualClock clock_;
  std::unique_ptr<Database> database_ = testing::OpenInMemory({.clock = &clock_});
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
  std::unique_ptr<Connection> other_ = Value(database_->Connect());
};

constexpr const char* kSum = "SELECT concat(count(*), ' ', sum(i), ' ', max(s)) FROM t";

TEST_F(TailsTest, RowsAreSeenBeforeAndAfterTheyAreMoved) {
  Do("INSERT INTO t VALUES (1, 'a')");
  Arrives(R"([[2, "b"], [3, null]])");
  EXPECT_EQ(Waits(), 2);
  EXPECT_EQ(Get(kSum), "3 6 b");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "3");
  EXPECT_EQ(Get("SELECT s FROM t WHERE i = 2"), "b");
  EXPECT_EQ(Get("SELECT string_agg(i, ',') FROM t"), "1,2,3");
  EXPECT_EQ(MoveAll(*database_, "t"), 2);
  EXPECT_EQ(Waits(), 0);
  EXPECT_EQ(Get(kSum), "3 6 b");
}

TEST_F(TailsTest, RowsAreSeenInEveryKindOfQuery) {
  Do("INSERT INTO t VALUES (1, 'a'), (5, 'e')");
  Do("CREATE VIEW v AS SELECT i * 10 AS i FROM t");
  Do("CREATE MACRO above(n) AS TABLE SELECT i FROM t WHERE i > n");
  Arrives(R"([[2, "b"], [3, "c"]])");
  EXPECT_EQ(Get("SELECT sum(i) FROM v"), "110");
  EXPECT_EQ(Get("SELECT count(*) FROM above(2)"), "2");
  EXPECT_EQ(Get("SELECT count(*) FROM t a JOIN t b ON a.i = b.i"), "4");
  EXPECT_EQ(Get("SELECT count(*) FROM t WHERE i IN (SELECT i + 1 FROM t)"), "2");
  EXPECT_EQ(
      Get("WITH x AS MATERIALIZED (SELECT * FROM t) SELECT sum(a.i + b.i) FROM x a, "
          "x b"),
      "88");
  EXPECT_EQ(Get("WITH x AS NOT MATERIALIZED (SELECT * FROM t) "
                "SELECT sum(a.i + b.i) FROM x a, x b"),
            "88");
  EXPECT_EQ(Get("SELECT i FROM t ORDER BY i DESC LIMIT 1 OFFSET 1"), "3");
  EXPECT_EQ(Get("SELECT (SELECT max(b.i) FROM t b WHERE b.i < a.i) FROM t a "
                "WHERE a.i = 3"),
            "2");
  EXPECT_EQ(Get("SELECT sum(i) OVER (ORDER BY i) FROM t WHERE i < 4 ORDER BY i DESC "
                "LIMIT 1"),
            "6");
  EXPECT_EQ(Get("SELECT count(*) FROM (SELECT i FROM t UNION SELECT i + 1 FROM t)"), "6");
  EXPECT_EQ(Get("SELECT count(*) FROM t USING SAMPLE 100 PERCENT (bernoulli)"), "4");
  EXPECT_EQ(Get("SELECT a + b + c + e FROM (PIVOT t ON s USING sum(i))"), "11");
  EXPECT_EQ(Waits(), 2);
}

TEST_F(TailsTest, APlanMadeBeforeRowsArriveSeesThem) {
  auto prepared = Prepare(*connection_, "SELECT count(*)::VARCHAR FROM t WHERE i >= ?");
  auto plain = Prepare(*connection_, "SELECT i FROM t WHERE i > 100");
  Do("PREPARE named AS SELECT count(*) FROM t");
  const auto count = [&] {
    auto rows = Value(prepared->Execute(Parameters({{"1", arrow::int64(), "0"}}), {}));
    auto batch = Value(rows->Next());
    return batch->column(0)->GetScalar(0).ValueOrDie()->ToString();
  };
  EXPECT_EQ(count(), "0");
  EXPECT_EQ(Get("EXECUTE named"), "0");
  Arrives(R"([[200, "b"]])");
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(Get("EXECUTE named"), "1");
  auto rows = Value(plain->Execute({}, {}));
  EXPECT_EQ(Value(rows->Next())->num_rows(), 1);
  rows.reset();
  MoveAll(*database_, "t");
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(Get("EXECUTE named"), "1");
}

TEST_F(TailsTest, ATransactionSeesWhatWasThereWhenItBegan) {
  Arrives(R"([[1, "a"]])");
  Begin();
  EXPECT_EQ(Get(kSum), "1 1 a");
  Arrives(R"([[2, "b"]])");
  EXPECT_EQ(Get(kSum), "1 1 a");
  EXPECT_EQ(MoveAll(*database_, "t"), 0);  // it may still change them
  clock_.Advance(std::chrono::seconds(5));
  EXPECT_EQ(MoveAll(*database_, "t"), 2);
  EXPECT_EQ(Get(kSum), "1 1 a");
  Do("COMMIT");
  EXPECT_EQ(Get(kSum), "2 3 b");
}

TEST_F(TailsTest, AChangeFindsEveryRow) {
  Arrives(R"([[1, "a"], [2, "b"], [3, "c"]])");
  Do("UPDATE t SET s = 'z' WHERE i = 2");
  EXPECT_EQ(Get("SELECT string_agg(s, '') FROM t"), "azc");
  Arrives(R"([[4, "d"]])");
  Do("DELETE FROM t WHERE i > 2");
  EXPECT_EQ(Get("SELECT string_agg(i, ',') FROM t"), "1,2");
  Arrives(R"([[5, "e"]])");
  auto remove = Prepare(*connection_, "DELETE FROM t WHERE i = ?");
  auto done = Value(remove->Execute(Parameters({{"1", arrow::int64(), "5"}}), {}));
  EXPECT_EQ(done->rows_changed(), 1);
  Do("PREPARE cut AS DELETE FROM t WHERE i = 6");
  Arrives(R"([[6, "f"]])");
  Do("EXECUTE cut");
  EXPECT_EQ(Get("SELECT string_agg(i, ',') FROM t"), "1,2");
  Arrives(R"([[7, "g"]])");
  Do("MERGE INTO t USING (SELECT 7 AS i) AS n ON t.i = n.i WHEN MATCHED THEN DELETE");
  EXPECT_EQ(Get("SELECT string_agg(i, ',') FROM t"), "1,2");
  Arrives(R"([[8, "h"]])");
  Do("INSERT INTO t SELECT i + 10, s FROM t");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "6");
  Do("TRUNCATE t");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
}

TEST_F(TailsTest, RowNumbersAreThoseOfTheTable) {
  Arrives(R"([[1, "a"], [2, "b"]])");
  EXPECT_EQ(Get("SELECT max(rowid) FROM t"), "1");
  Arrives(R"([[3, "c"]])");
  auto prepared = Prepare(*connection_, "SELECT s FROM t WHERE rowid = ?");
  auto rows = Value(prepared->Execute(Parameters({{"1", arrow::int64(), "2"}}), {}));
  ASSERT_EQ(Value(rows->Next())->num_rows(), 1);
}

TEST_F(TailsTest, ATransactionChangesRowsThatWaitedWhenItBegan) {
  Arrives(R"([[1, "a"], [2, "b"]])");
  Begin();
  EXPECT_EQ(Get(kSum), "2 3 b");
  Arrives(R"([[3, "c"]])");
  Do("UPDATE t SET s = 'z' WHERE i >= 2");
  EXPECT_EQ(Get(kSum), "2 3 z");
  EXPECT_EQ(Cell(*other_, kSum), "3 6 c");
  EXPECT_EQ(MoveAll(*database_, "t"), 0);
  Do("COMMIT");
  EXPECT_EQ(Get("SELECT string_agg(s, '') FROM t"), "azc");
  EXPECT_EQ(Waits(), 1);
  MoveAll(*database_, "t");
  EXPECT_EQ(Get("SELECT string_agg(s, '') FROM t"), "azc");
}

TEST_F(TailsTest, WhatARolledBackTransactionTookWaitsAgain) {
  Arrives(R"([[1, "a"], [2, "b"]])");
  Begin();
  Do("DELETE FROM t");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
  Do("ROLLBACK");
  EXPECT_EQ(Get(kSum), "2 3 b");
  EXPECT_EQ(Waits(), 2);
  MoveAll(*database_, "t");
  EXPECT_EQ(Get(kSum), "2 3 b");
  Begin();
  Do("DELETE FROM t");
  connection_.reset();  // ends the transaction
  EXPECT_EQ(Cell(*other_, kSum), "2 3 b");
}

TEST_F(TailsTest, ATransactionWhoseRowsWereMovedMeanwhileCannotChangeThem) {
  Arrives(R"([[1, "a"]])");
  Begin();
  EXPECT_EQ(Get(kSum), "1 1 a");
  Do(*other_, "DELETE FROM t WHERE false");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "DELETE FROM t")), ErrorKind::kConflict);
  Do("ROLLBACK");
  Do("DELETE FROM t");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
}

TEST_F(TailsTest, TransactionsOneAfterTheOtherDoNotKeepRowsWaitingForEver) {
  Arrives(R"([[1, "a"]])");
  Begin();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(MoveAll(*database_, "t"), 0);
    clock_.Advance(std::chrono::seconds(4));
    Do("ROLLBACK");
    Begin();
  }
  EXPECT_EQ(MoveAll(*database_, "t"), 1);
}

TEST_F(TailsTest, RowsKeepTheirOrderBeforeThoseThatAreInserted) {
  Arrives(R"([[1, "a"], [2, "b"]])");
  Do("INSERT INTO t VALUES (3, 'c')");
  EXPECT_EQ(Get("SELECT string_agg(s, '') FROM t"), "abc");
}

TEST_F(TailsTest, ATableWithAFullTailCanBeDroppedAndMadeAgain) {
  Arrives(R"([[1, "a"]])");
  Do("DROP TABLE t");
  EXPECT_EQ(Waits(), 0);
  Do("CREATE TABLE t (i BIGINT, s VARCHAR)");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
  Arrives(R"([[2, "b"]])");
  Do("CREATE OR REPLACE TABLE t (i BIGINT, s VARCHAR)");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
  Do("CREATE SCHEMA apart");
  Do("CREATE TABLE apart.u (i BIGINT, s VARCHAR)");
  Do(*other_, "USE apart");
  Arrives(R"([[3, "c"]])", "u");
  Do("DROP SCHEMA apart CASCADE");
  EXPECT_TRUE(database_->tails().figures().empty());
}

TEST_F(TailsTest, AlteredTablesKeepTheRows) {
  Arrives(R"([[1, "a"]])");
  Do("ALTER TABLE t ADD COLUMN d DOUBLE DEFAULT 0.5");
  EXPECT_EQ(Get("SELECT d FROM t WHERE i = 1"), "0.5");
  EXPECT_FALSE(Arrive(*database_, *other_, "t", {Batch(kSchema, R"([[2, "b"]])")}).ok());
  Do("ALTER TABLE t DROP COLUMN d");
  Arrives(R"([[2, "b"]])");
  Do("ALTER TABLE t RENAME TO u");
  EXPECT_EQ(Get("SELECT string_agg(s, '') FROM u"), "ab");
}

TEST_F(TailsTest, ATargetIsStaleOnceItsTableIsAnotherOne) {
  auto& tails = database_->tails();
  const auto target = Value(tails.TargetFor(*other_, {.table = "t"}, *kSchema));
  ASSERT_NE(target, nullptr);
  ASSERT_NE(Value(tails.Enter(*target, std::chrono::milliseconds(0))), nullptr);
  Do("ALTER TABLE t RENAME COLUMN s TO text");
  EXPECT_EQ(Value(tails.Enter(*target, std::chrono::milliseconds(0))), nullptr);
}

TEST_F(TailsTest, ADefinitionInATransactionKeepsNewRowsAway) {
  auto& tails = database_->tails();
  const auto target = Value(tails.TargetFor(*other_, {.table = "t"}, *kSchema));
  Arrives(R"([[1, "a"]])");
  Begin();
  Do("ALTER TABLE t ADD COLUMN d DOUBLE");
  EXPECT_EQ(KindOfFailure(tails.Enter(*target, std::chrono::milliseconds(0)).status()),
            ErrorKind::kConflict);
  EXPECT_EQ(Get(kSum), "1 1 a");
  Do("COMMIT");
  EXPECT_EQ(Value(tails.Enter(*target, std::chrono::milliseconds(0))), nullptr);
  EXPECT_EQ(Get(kSum), "1 1 a");
  EXPECT_EQ(Waits(), 0);
}

TEST_F(TailsTest, ADefinitionInATransactionIsRefusedWhenRowsHaveArrivedSince) {
  Begin();
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
  Arrives(R"([[1, "a"]])");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "ALTER TABLE t ADD COLUMN d DOUBLE")),
            ErrorKind::kConflict);
  Do("ROLLBACK");
  Do("ALTER TABLE t ADD COLUMN d DOUBLE");
  EXPECT_EQ(Get(kSum), "1 1 a");
}

TEST_F(TailsTest, TablesWhoseRowsAreCheckedHaveNoTail) {
  auto& tails = database_->tails();
  for (const char* definition :
       {"(i BIGINT PRIMARY KEY, s VARCHAR)", "(i BIGINT UNIQUE, s VARCHAR)",
        "(i BIGINT CHECK (i > 0), s VARCHAR)", "(i INTEGER, s VARCHAR)",
        "(i BIGINT, s VARCHAR, d DOUBLE)", "(i BIGINT)",
        "(i BIGINT, s VARCHAR GENERATED ALWAYS AS (i::VARCHAR))"}) {
    Do(std::string("CREATE OR REPLACE TABLE t ") + definition);
    EXPECT_EQ(Value(tails.TargetFor(*other_, {.table = "t"}, *kSchema)), nullptr)
        << definition;
  }
  Do("CREATE OR REPLACE TABLE t (i BIGINT, s VARCHAR)");
  Arrives(R"([[1, "a"]])");
  Do("CREATE INDEX by_i ON t (i)");
  EXPECT_EQ(Value(tails.TargetFor(*other_, {.table = "t"}, *kSchema)), nullptr);
  EXPECT_EQ(Get("SELECT s FROM t WHERE i = 1"), "a");
  Do("CREATE VIEW v AS FROM t");
  EXPECT_EQ(Value(tails.TargetFor(*other_, {.table = "v"}, *kSchema)), nullptr);
  Do(*other_, "CREATE TEMPORARY TABLE mine (i BIGINT, s VARCHAR)");
  EXPECT_EQ(Value(tails.TargetFor(*other_, {.table = "mine"}, *kSchema)), nullptr);
  EXPECT_EQ(KindOfFailure(tails.TargetFor(*other_, {.table = "none"}, *kSchema).status()),
            ErrorKind::kNotFound);
}

TEST_F(TailsTest, ANullInAColumnThatAllowsNoneIsRefused) {
  Do("CREATE TABLE strict (i BIGINT NOT NULL, s VARCHAR)");
  auto& tails = database_->tails();
  const auto target = Value(tails.TargetFor(*other_, {.table = "strict"}, *kSchema));
  ASSERT_NE(target, nullptr);
  EXPECT_TRUE(tails.Conform(*target, {Batch(kSchema, R"([[1, null]])")}).ok());
  const auto refused = tails.Conform(*target, {Batch(kSchema, R"([[null, "a"]])")});
  EXPECT_EQ(KindOfFailure(refused.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("\"i\""), std::string::npos);
}

// Each type that comes out of the database goes through a tail and through the table: in
// one large batch, in slices that begin in the middle, and row by row.
TEST_F(TailsTest, EveryTypeIsReadAsFromTheTable) {
  auto rows = Value(
      connection_->Run("SELECT COLUMNS(c -> c NOT IN ('hugeint', 'uhugeint', 'bit', "
                       "'bignum', 'timestamp_tz',"
                       " 'time_tz', 'interval', 'union', 'uuid', 'variant', 'geometry')),"
                       " r.range AS number FROM test_all_types(), range(700) r"));
  const auto table = Value(rows->ToTable());
  const auto batch = Value(table->CombineChunksToBatch());
  const auto kNansAreEqual = arrow::EqualOptions::Defaults().nans_equal(true);
  int read = 0;
  for (int i = 0; i + 1 < batch->num_columns(); ++i) {
    const auto column = Value(batch->SelectColumns({i, batch->num_columns() - 1}));
    for (const char* name : {"stored", "waiting"}) {
      ASSERT_TRUE(connection_
                      ->CreateTable({.table = name}, *column->schema(), false,
                                    /*or_replace=*/true, false)
                      .ok())
          << column->schema()->ToString();
    }
    arrow::RecordBatchVector pieces{column->Slice(0, 1000), column->Slice(1000, 900)};
    for (int64_t row = 1900; row < column->num_rows(); ++row) {
      pieces.push_back(column->Slice(row, 1));
    }
    const auto arrived = Arrive(*database_, *other_, "waiting", pieces);
    if (!arrived.ok()) {
      ADD_FAILURE() << column->schema()->ToString() << arrived.ToString();
      continue;
    }
    ++read;
    ASSERT_TRUE(connection_->Insert({.table = "stored"}, testing::Reader(pieces)).ok());
    const auto stored = testing::Rows(*connection_, "FROM stored");
    EXPECT_TRUE(
        testing::Rows(*connection_, "FROM waiting")->Equals(*stored, kNansAreEqual))
        << column->schema()->ToString();
    const std::string name = column->schema()->field(0)->name();
    const std::string some =
        "SELECT \"" + name + "\" FROM @ WHERE number % 7 = 3 ORDER BY ALL LIMIT 50";
    auto ask = [&](const std::string& from) {
      std::string sql = some;
      sql.replace(sql.find('@'), 1, from);
      return testing::Rows(*connection_, sql);
    };
    EXPECT_TRUE(ask("waiting")->Equals(*ask("stored"), kNansAreEqual)) << name;
  }
  EXPECT_GT(read, 25);
}

TEST_F(TailsTest, PositionsAreWrittenWithTheRowsTheyStandFor) {
  auto& tails = database_->tails();
  EXPECT_TRUE(Value(tails.OpenPositions()).empty());
  const auto target = Value(tails.TargetFor(*other_, {.table = "t"}, *kSchema));
  const auto batch = Batch(kSchema, R"([[1, "a"]])");
  for (const uint64_t position : {3U, 5U}) {
    const auto pass = Value(tails.Enter(*target, std::chrono::milliseconds(0)));
    tails.Add(*target, Value(tails.Conform(*target, {batch, batch})), position, nullptr);
  }
  const auto moved_to = [&] {
    const auto positions = Value(tails.OpenPositions());
    return positions.empty() ? 0 : positions.at(0).position;
  };
  // An arrival is moved whole or not at all.
  EXPECT_EQ(Value(tails.Move({.schema = "main", .table = "t"}, 1)), 2);
  EXPECT_EQ(moved_to(), 3);
  EXPECT_EQ(tails.figures().at(0).first_position, 5);
  Begin();
  Do("DELETE FROM t");
  Do("ROLLBACK");
  EXPECT_EQ(moved_to(), 3);
  Begin();
  Do("UPDATE t SET i = 2");
  Do("COMMIT");
  EXPECT_EQ(moved_to(), 5);
  EXPECT_EQ(Get("SELECT sum(i) FROM t"), "8");
  EXPECT_EQ(Value(tails.OpenPositions()).at(0).table.table, "t");
}

TEST_F(TailsTest, ATransactionDoesNotDefineATableAnewWhoseRowsWereMovedMeanwhile) {
  for (const char* sql : {"ALTER TABLE t DROP COLUMN i", "ALTER TABLE t RENAME TO u",
                          "DROP TABLE t", "CREATE OR REPLACE TABLE t (k BIGINT)"}) {
    Arrives(R"([[1, "a"]])");
    Begin();
    EXPECT_NE(Get("SELECT count(*) FROM t"), "0");
    Do(*other_, "DELETE FROM t WHERE false");  // moves them
    EXPECT_EQ(KindOfFailure(Execute(*connection_, sql)), ErrorKind::kConflict) << sql;
    Do("ROLLBACK");
  }
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "4");
}

TEST_F(TailsTest, ExplainAnalyzeDefinesTablesToo) {
  Arrives(R"([[1, "a"]])");
  Do("EXPLAIN ANALYZE ALTER TABLE t RENAME TO u");
  EXPECT_EQ(Get("SELECT count(*) FROM u"), "1");
  Do("EXPLAIN ANALYZE DROP TABLE u");
  Do("CREATE TABLE t (i BIGINT, k BIGINT)");
  EXPECT_EQ(Get("SELECT count(*) FROM t"), "0");
}

TEST_F(TailsTest, WhatWouldHideArrivedRowsIsRefused) {
  for (const char* sql :
       {"PRAGMA disable_optimizer", "SET disabled_optimizers = 'extension'",
        "SET GLOBAL disabled_optimizers = 'join_order,Extension'",
        "PRAGMA disabled_optimizers = 'extension'",
        "SET disabled_optimizers = 'exten' || 'sion'"}) {
    EXPECT_EQ(KindOfFailure(Execute(*connection_, sql)), ErrorKind::kUnimplemented)
        << sql;
  }
  Do("SET disabled_optimizers = 'join_order'");
  Do("RESET disabled_optimizers");
}

TEST_F(TailsTest, OneStatementSeesTheSameRowsEverywhere) {
  Do("INSERT INTO t VALUES (1, 'a')");
  auto both =
      Prepare(*connection_,
              "SELECT count(rowid) - (SELECT count(*) FROM t) AS difference FROM t");
  std::jthread arriving([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      // No faster than rows can be stored.
      if (Waits() < 1'000) Arrives(R"([[2, "b"]])");
    }
  });
  for (int i = 0; i < 200; ++i) {
    auto rows = Value(both->Execute({}, {}));
    const auto batch = Value(rows->Next());
    ASSERT_EQ(std::static_pointer_cast<arrow::Int64Array>(batch->column(0))->Value(0), 0);
  }
}

TEST_F(TailsTest, KeptPlansOfTemporaryTablesFindWhatCameLater) {
  Do("CREATE TEMPORARY TABLE x AS SELECT 1 AS i");
  auto find = Prepare(*connection_, "SELECT i FROM x WHERE i > 100");
  Do("INSERT INTO x VALUES (200)");
  auto rows = Value(find->Execute({}, {}));
  ASSERT_EQ(Value(rows->Next())->num_rows(), 1);
}

TEST_F(TailsTest, ATransactionBegunBySqlFindsFewRowsInTheirTables) {
  Arrives(R"([[1, "a"]])");
  Do("BEGIN");
  EXPECT_EQ(Waits(), 0);
  Do("UPDATE t SET s = 'z'");
  Do(*other_, "DELETE FROM t WHERE i > 1");  // nobody has the table to himself
  Do("COMMIT");
  EXPECT_EQ(Get(kSum), "1 1 z");
}

TEST_F(TailsTest, ThePartOfPlansCannotBeCalled) {
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "FROM pintail_tail()")),
            ErrorKind::kInvalidSql);
}

}  // namespace
}  // namespace pintail::engine
