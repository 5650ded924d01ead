#include <gtest/gtest.h>

#include <atomic>
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

class SourceWrites : public testing::SourceTest {
 protected:
  void SetUp() override {
    SourceTest::SetUp();
    At("CREATE TABLE t(i BIGINT, s VARCHAR DEFAULT 'new')");
  }
  int64_t Changed(const std::string& sql) {
    return Value(connection_->Run(sql))->rows_changed().value_or(-1);
  }
};

TEST_F(SourceWrites, InsertRows) {
  EXPECT_EQ(Changed("INSERT INTO shop.main.t VALUES (1, 'a'), (2, NULL)"), 2);
  EXPECT_EQ(Changed("INSERT INTO shop.t(i) VALUES (3)"), 1);
  EXPECT_EQ(Changed("INSERT INTO shop.t(s, i) SELECT 'x' || i, i FROM range(4, 7) r(i)"),
            3);
  EXPECT_EQ(
      There("SELECT string_agg(i || ':' || coalesce(s, '-'), ' ' ORDER BY i) FROM t"),
      "1:a 2:- 3:new 4:x4 5:x5 6:x6");
  EXPECT_EQ(source_->begins, source_->commits);
}

TEST_F(SourceWrites, InsertManyRowsAsTheyComeAndFromTheSameSource) {
  EXPECT_EQ(Changed("INSERT INTO shop.t SELECT i, repeat('x', 100) FROM range(300000) "
                    "r(i)"),
            300'000);
  EXPECT_EQ(Changed("INSERT INTO shop.t SELECT i, s FROM shop.t UNION ALL SELECT i, s "
                    "FROM shop.t"),
            600'000);
  EXPECT_EQ(There("SELECT count(*) FROM t"), "900000");
}

TEST_F(SourceWrites, TakeAReaderOfBatches) {
  EXPECT_EQ(Value(connection_->Insert(
                {.catalog = "shop", .schema = "main", .table = "t"},
                testing::Reader({testing::Numbers(0, 1000), testing::Numbers(1000, 5)}))),
            1005);
  EXPECT_EQ(Value(connection_->Insert({.catalog = "shop", .schema = "", .table = "t"},
                                      testing::Reader({testing::Numbers(2000, 5)}))),
            5);
  EXPECT_EQ(There("SELECT count(*) FROM t"), "1010");
}

TEST_F(SourceWrites, LeaveNothingWhenTheyFail) {
  EXPECT_FALSE(Execute(*connection_,
                       "INSERT INTO shop.t SELECT CASE WHEN i < 250000 THEN "
                       "i ELSE error('no') END, 'x' FROM range(300000) r(i)")
                   .ok());
  EXPECT_EQ(There("SELECT count(*) FROM t"), "0");
  source_->FailWith(base::MakeError(ErrorKind::kUnavailable, "the source is down"));
  EXPECT_EQ(
      KindOfFailure(Execute(*connection_, "INSERT INTO shop.main.t VALUES (1, 'a')")),
      ErrorKind::kUnavailable);
  source_->FailWith(arrow::Status::OK());
  EXPECT_EQ(There("SELECT count(*) FROM t"), "0");
}

TEST_F(SourceWrites, EndWhenTheyAreInterrupted) {
  source_->Block();
  std::jthread interrupter([&] {
    source_->WaitUntilBlocked();
    connection_->Interrupt();
  });
  EXPECT_EQ(KindOfFailure(Execute(*connection_,
                                  "INSERT INTO shop.t SELECT i, repeat('x', "
                                  "100) FROM range(1000000) r(i)")),
            ErrorKind::kCancelled);
  source_->Unblock();
  EXPECT_EQ(There("SELECT count(*) FROM t"), "0");
}

TEST_F(SourceWrites, MakeAndDropTables) {
  Run("CREATE TABLE shop.made(k INTEGER NOT NULL, v VARCHAR)");
  Run("INSERT INTO shop.made VALUES (1, 'a')");
  Run("CREATE TABLE shop.main.copied AS SELECT k + 1 AS k, v FROM shop.made");
  Run("CREATE TABLE IF NOT EXISTS shop.made(other INTEGER)");
  EXPECT_EQ(There("SELECT k FROM copied"), "2");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "CREATE TABLE shop.made(k INTEGER)")),
            ErrorKind::kAlreadyExists);
  Run("DROP TABLE shop.made");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT * FROM shop.made")),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "DROP TABLE shop.made")),
            ErrorKind::kNotFound);
  Run("DROP TABLE IF EXISTS shop.made");
  Run("CREATE SCHEMA shop.extra");
  Run("CREATE TABLE shop.extra.t AS SELECT 7 AS x");
  EXPECT_EQ(Cell(*connection_, "SELECT x FROM shop.extra.t"), "7");
}

TEST_F(SourceWrites, ChangeRowsByOneStatementThere) {
  At("INSERT INTO t SELECT i, 'n' || (i % 3) FROM range(30) r(i)");
  EXPECT_EQ(
      Changed("UPDATE shop.t SET s = 'it''s', i = i + 100 WHERE i < 5 AND s = 'n1'"), 2);
  EXPECT_EQ(Changed("UPDATE shop.t SET s = NULL WHERE i IN (7, 8, 900)"), 2);
  EXPECT_EQ(Changed("DELETE FROM shop.t WHERE s IS NULL OR i BETWEEN 20 AND 24"), 7);
  EXPECT_EQ(Changed("DELETE FROM shop.t WHERE false"), 0);
  const auto statements = source_->TakeStatements();
  EXPECT_EQ(statements.size(), 3);
  EXPECT_EQ(There("SELECT count(*) FROM t"), "23");
  EXPECT_EQ(There("SELECT count(*) FROM t WHERE s = 'it''s' AND i > 100"), "2");
  EXPECT_EQ(Changed("DELETE FROM shop.t"), 23);
}

TEST_F(SourceWrites, RefuseWhatMightMeanSomethingElseThere) {
  At("INSERT INTO t VALUES (1, 'a')");
  for (const char* sql :
       {"DELETE FROM shop.t WHERE upper(s) = 'A'", "UPDATE shop.t SET s = upper(s)",
        "DELETE FROM shop.t WHERE random() < 2",
        "DELETE FROM shop.t WHERE i IN (SELECT 1)",
        "UPDATE shop.t SET s = 'x' WHERE i = 1 AND upper(s) = 'A'",
        "INSERT INTO shop.t VALUES (1, 'a') RETURNING i",
        "INSERT INTO shop.t VALUES (1, 'a') ON CONFLICT DO NOTHING",
        "CREATE VIEW shop.v AS SELECT 1", "CREATE INDEX x ON shop.t(i)",
        "ALTER TABLE shop.t ADD COLUMN z INTEGER", "DROP SCHEMA shop.main"}) {
    const auto status = Execute(*connection_, sql);
    EXPECT_FALSE(status.ok()) << sql;
    EXPECT_NE(KindOfFailure(status), ErrorKind::kInternal) << sql << status;
  }
  EXPECT_EQ(There("SELECT s FROM t"), "a");
}

TEST_F(SourceWrites, ChangeRowsByKeyWhereThereIsNoSql) {
  auto store = std::make_shared<FakeSource>("store", FakeSource::KeyValue());
  At(*store,
     "CREATE TABLE t AS SELECT 'k' || i AS k, i AS v, 'w' AS w FROM range(10) "
     "r(i)");
  ASSERT_TRUE(database_->AttachSource(store).ok());
  EXPECT_EQ(Changed("UPDATE store.t SET v = v * 10, w = k WHERE v > 7"), 2);
  EXPECT_EQ(Changed("DELETE FROM store.t WHERE v < 5"), 5);
  EXPECT_EQ(
      Cell(store->direct(), "SELECT string_agg(k || v || w, ' ' ORDER BY k) FROM t"),
      "k55w k66w k77w k880k8 k990k9");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "UPDATE store.t SET k = 'x'")),
            ErrorKind::kUnimplemented);
}

TEST_F(SourceWrites, OfATransactionAreOneOfTheSource) {
  Run("BEGIN");
  Run("INSERT INTO shop.t VALUES (1, 'a')");
  Run("UPDATE shop.t SET s = 'b'");
  EXPECT_EQ(Cell(*connection_, "SELECT s FROM shop.t"), "b");
  EXPECT_EQ(There("SELECT count(*) FROM t"), "0");
  Run("COMMIT");
  EXPECT_EQ(There("SELECT s FROM t"), "b");
  EXPECT_EQ(source_->begins, 1);
  Run("BEGIN");
  Run("DELETE FROM shop.t");
  Run("CREATE TABLE shop.own(x INTEGER)");
  Run("INSERT INTO shop.own VALUES (1)");
  EXPECT_EQ(Cell(*connection_, "SELECT x FROM shop.own"), "1");
  Run("ROLLBACK");
  EXPECT_EQ(There("SELECT count(*) FROM t"), "1");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT x FROM shop.own")),
            ErrorKind::kNotFound);
}

TEST_F(SourceWrites, ReadOfATransactionSeesOneSnapshot) {
  At("INSERT INTO t VALUES (1, 'a')");
  Run("BEGIN");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM shop.t"), "1");
  At("INSERT INTO t VALUES (2, 'b')");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM shop.t"), "1");
  Run("COMMIT");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM shop.t"), "2");
}

TEST_F(SourceWrites, ChangeOneDatabaseInATransaction) {
  Run("CREATE TABLE here(i INTEGER)");
  Run("BEGIN");
  Run("INSERT INTO here VALUES (1)");
  EXPECT_FALSE(Execute(*connection_, "INSERT INTO shop.t VALUES (1, 'a')").ok());
  Run("ROLLBACK");
  Run("BEGIN READ ONLY");
  EXPECT_FALSE(Execute(*connection_, "INSERT INTO shop.t VALUES (1, 'a')").ok());
  Run("ROLLBACK");
}

TEST_F(SourceWrites, ThatFailToCommitSaySo) {
  Run("BEGIN");
  Run("INSERT INTO shop.t VALUES (1, 'a')");
  source_->FailWith(base::MakeError(ErrorKind::kUnavailable, "the source is down"));
  EXPECT_EQ(KindOfFailure(connection_->Commit()), ErrorKind::kUnavailable);
  source_->FailWith(arrow::Status::OK());
  EXPECT_EQ(There("SELECT count(*) FROM t"), "0");
}

}  // namespace
}  // namespace pintail::engine
