#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/read_only_source.h"
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

class AttachedSources : public testing::SourceTest {
 protected:
  void SetUp() override {
    SourceTest::SetUp();
    At("CREATE TABLE t AS SELECT 1 AS i");
  }
};

TEST_F(AttachedSources, AreFoundByTheirName) {
  for (const char* name : {"shop.main.t", "shop.t", "SHOP.MAIN.T", "\"shop\".\"T\""}) {
    EXPECT_EQ(Cell(*connection_, "SELECT i FROM " + std::string(name)), "1") << name;
  }
  EXPECT_EQ(Cell(*connection_, "USE shop; SELECT i FROM t"), "1");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT * FROM shop.none")),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT * FROM shop.none.t")),
            ErrorKind::kInvalidSql);
}

TEST_F(AttachedSources, AreNotAskedWhenTheyAreAttached) {
  auto quiet = std::make_shared<FakeSource>("quiet");
  quiet->FailWith(base::MakeError(ErrorKind::kUnavailable, "down"));
  ASSERT_TRUE(database_->AttachSource(quiet).ok());
  EXPECT_EQ(quiet->leases + quiet->schema_calls + quiet->list_calls, 0);
  EXPECT_EQ(Cell(*connection_, "SELECT 1"), "1");
  EXPECT_EQ(quiet->leases + quiet->schema_calls + quiet->list_calls, 0);
}

TEST_F(AttachedSources, HaveANameOfTheirOwn) {
  EXPECT_EQ(KindOfFailure(database_->AttachSource(std::make_shared<FakeSource>("shop"))),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(
      KindOfFailure(database_->AttachSource(std::make_shared<FakeSource>("memory"))),
      ErrorKind::kAlreadyExists);
  EXPECT_FALSE(Execute(*connection_, "ATTACH 'x' AS y (TYPE pintail_source)").ok());
  EXPECT_EQ(KindOfFailure(database_->DetachSource("memory")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOfFailure(database_->DetachSource("none")), ErrorKind::kNotFound);
}

TEST_F(AttachedSources, AreListed) {
  At("CREATE SCHEMA extra; CREATE TABLE extra.wide(a INTEGER NOT NULL, b VARCHAR)");
  EXPECT_EQ(Cell(*connection_,
                 "SELECT string_agg(schema_name || '.' || table_name, ' ' "
                 "ORDER BY schema_name) FROM duckdb_tables() WHERE database_name = "
                 "'shop'"),
            "extra.wide main.t");
  EXPECT_EQ(
      Cell(*connection_,
           "SELECT string_agg(column_name || data_type || is_nullable, ' ' ORDER BY "
           "ordinal_position) FROM information_schema.columns WHERE table_catalog = "
           "'shop' AND table_name = 'wide'"),
      "aINTEGERNO bVARCHARYES");
  EXPECT_EQ(Cell(*connection_,
                 "SELECT count(*) FROM (SHOW ALL TABLES) WHERE database = "
                 "'shop'"),
            "2");
  EXPECT_EQ(Cell(*connection_, "SELECT column_name FROM (DESCRIBE shop.t)"), "i");
}

TEST_F(AttachedSources, ThatAreDownDoNotKeepOthersFromBeingListed) {
  auto other = std::make_shared<FakeSource>("other");
  ASSERT_TRUE(database_->AttachSource(other).ok());
  other->FailWith(base::MakeError(ErrorKind::kUnavailable, "down"));
  const char* const kTables =
      "SELECT count(*) FROM duckdb_tables() WHERE database_name "
      "IN ('shop', 'other')";
  EXPECT_EQ(Cell(*connection_, kTables), "1");
  const int asked = other->list_calls;
  EXPECT_EQ(Cell(*connection_, kTables), "1");
  EXPECT_EQ(other->list_calls, asked);  // not asked again for a while
  source_->FailWith(base::MakeError(ErrorKind::kUnavailable, "down"));
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(Cell(*connection_, kTables), "1");  // as it was known last
  source_->FailWith(arrow::Status::OK());
  other->FailWith(arrow::Status::OK());
  ASSERT_TRUE(Execute(other->direct(), "CREATE TABLE x AS SELECT 1 AS i").ok());
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(Cell(*connection_, kTables), "2");
}

TEST_F(AttachedSources, AreAskedForATableOnceInAWhile) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "1");
  EXPECT_EQ(source_->schema_calls, 1);
  At("CREATE OR REPLACE TABLE t AS SELECT 'now text' AS i, 2 AS j");
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "now text");
  EXPECT_EQ(source_->schema_calls, 2);
}

TEST_F(AttachedSources, AreAskedAgainWhenATableIsNotAsItWas) {
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "1");
  At("CREATE OR REPLACE TABLE t AS SELECT 'now text' AS i");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT i FROM shop.t")),
            ErrorKind::kConflict);
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "now text");
  At("DROP TABLE t");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT i FROM shop.t")),
            ErrorKind::kNotFound);
}

TEST_F(AttachedSources, HaveAStatementPlannedAnewOnce) {
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM shop.t"), "1");
  At("ALTER TABLE t RENAME COLUMN i TO other");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM shop.t"), "1");
  At("DROP TABLE t");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT count(*) FROM shop.t")),
            ErrorKind::kNotFound);
}

TEST_F(AttachedSources, GoOnForThoseThatUseThemWhenTheyAreDetached) {
  At("CREATE TABLE many AS SELECT i FROM range(300000) r(i)");
  auto result = Value(connection_->Run("SELECT i FROM shop.many"));
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(result->ReadNext(&batch).ok());
  ASSERT_TRUE(database_->DetachSource("shop").ok());
  auto other = Value(database_->Connect());
  EXPECT_EQ(KindOfFailure(Execute(*other, "SELECT i FROM shop.t")),
            ErrorKind::kInvalidSql);
  int64_t rows = batch->num_rows();
  for (const auto& rest : Value(result->ToRecordBatches())) rows += rest->num_rows();
  EXPECT_EQ(rows, 300'000);
  result.reset();
  EXPECT_FALSE(Execute(*connection_, "SELECT i FROM shop.t").ok());
  ASSERT_TRUE(database_->AttachSource(source_).ok());
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM shop.t"), "1");
}

TEST_F(AttachedSources, ComeAndGoWhileOthersQuery) {
  std::atomic<bool> done = false;
  std::jthread reader([&] {
    auto connection = Value(database_->Connect());
    while (!done) {
      const auto status = Execute(*connection, "SELECT i FROM shop.t");
      if (status.ok()) continue;
      EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidSql) << status;
    }
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(database_->DetachSource("shop").ok());
    EXPECT_TRUE(database_->AttachSource(source_).ok());
  }
  done = true;
}

TEST_F(AttachedSources, AnswerAQueryInTheirOwnSql) {
  EXPECT_EQ(Cell(*connection_,
                 "SELECT x FROM pintail.remote('shop', 'SELECT i + 41 AS x "
                 "FROM t')"),
            "42");
  EXPECT_EQ(
      KindOfFailure(Execute(*connection_, "FROM pintail.remote('none', 'SELECT 1')")),
      ErrorKind::kNotFound);
  EXPECT_EQ(
      KindOfFailure(Execute(*connection_, "FROM pintail.remote('memory', 'SELECT 1')")),
      ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "FROM pintail.remote('shop', 'SELEC')")),
            ErrorKind::kInvalidSql);
}

TEST_F(AttachedSources, RunAQueryInTheirOwnSqlOnce) {
  At("CREATE SEQUENCE numbers");
  const std::string call =
      "SELECT n FROM pintail.remote('shop', 'SELECT nextval(''numbers'') AS n')";
  EXPECT_EQ(Cell(*connection_, call), "1");
  EXPECT_EQ(source_->TakeQueries().size(), 1U);
  ASSERT_TRUE(connection_->Run("EXPLAIN " + call).ok());
  EXPECT_TRUE(source_->TakeQueries().empty());
  EXPECT_EQ(Cell(*connection_, call), "2");
}

TEST_F(AttachedSources, TellTheColumnsOfAQueryWithoutRunningIt) {
  auto plain = std::make_shared<FakeSource>(
      "plain", SourceCapabilities{.dialect = SqlDialect::kGeneric});
  At(*plain, "CREATE SEQUENCE numbers");
  ASSERT_TRUE(database_->AttachSource(plain).ok());
  const std::string call =
      "SELECT n FROM pintail.remote('plain', 'SELECT nextval(''numbers'') AS n;')";
  EXPECT_EQ(Cell(*connection_, call), "1");
  EXPECT_EQ(Cell(*connection_, call), "2");
  EXPECT_EQ(
      KindOfFailure(Execute(*connection_, "FROM pintail.remote('plain', 'SHOW TABLES')")),
      ErrorKind::kUnimplemented);
}

TEST_F(AttachedSources, AnswerAQueryInTheOpenTransaction) {
  ASSERT_TRUE(connection_->Begin().ok());
  ASSERT_TRUE(Execute(*connection_, "INSERT INTO shop.t VALUES (100)").ok());
  EXPECT_EQ(Cell(*connection_,
                 "SELECT n FROM pintail.remote('shop', 'SELECT max(i) AS n FROM t')"),
            "100");
  ASSERT_TRUE(connection_->Rollback().ok());
}

TEST_F(AttachedSources, RefuseChangesWhenTheyAreReadOnly) {
  auto quiet = std::make_shared<FakeSource>("quiet");
  At(*quiet, "CREATE TABLE t AS SELECT 1 AS i");
  ASSERT_TRUE(database_->AttachSource(ReadOnly(quiet)).ok());
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM quiet.t"), "1");
  EXPECT_EQ(
      Cell(*connection_, "SELECT i FROM pintail.remote('quiet', 'SELECT i FROM t;')"),
      "1");
  for (const std::string statement :
       {"INSERT INTO quiet.t VALUES (2)", "UPDATE quiet.t SET i = 2",
        "DELETE FROM quiet.t", "CREATE TABLE quiet.u (i INTEGER)",
        "CREATE TABLE quiet.u AS SELECT 1 AS i", "DROP TABLE quiet.t",
        "CREATE SCHEMA quiet.s",
        "FROM pintail.remote('quiet', 'INSERT INTO t VALUES (2) RETURNING i')",
        "FROM pintail.remote('quiet', 'SELECT 1 AS i; DELETE FROM t')"}) {
    const auto refused = Execute(*connection_, statement);
    EXPECT_EQ(KindOfFailure(refused), ErrorKind::kPermissionDenied) << statement;
    EXPECT_NE(refused.message().find("\"quiet\""), std::string::npos) << statement;
    EXPECT_NE(refused.message().find("read_only false"), std::string::npos) << statement;
  }
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM quiet.t"), "1");
}

}  // namespace
}  // namespace pintail::engine
