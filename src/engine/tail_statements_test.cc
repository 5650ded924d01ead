// Statements that a tail makes different: what is refused, and what a plan knows.
#include <gtest/gtest.h>

#include "engine/testing/tail.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Arrive;
using testing::Batch;
using testing::Cell;
using testing::Execute;
using testing::MoveAll;
using testing::Rows;
using testing::Value;
using testing::Waiting;

class TailStatementsTest : public ::testing::Test {
 protected:
  void SetUp() override { Do("CREATE TABLE t (i BIGINT, s VARCHAR)"); }

  void Do(const std::string& sql) {
    const auto status = Execute(*connection_, sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status;
  }
  void Arrives(const std::string& json) {
    const auto status =
        Arrive(*database_, *other_, "t", {Batch(testing::NumbersSchema(), json)});
    ASSERT_TRUE(status.ok()) << status;
  }
  // In a transaction that may not write.
  arrow::Status RunsReadOnly(const std::string& sql) {
    Do("BEGIN TRANSACTION READ ONLY");
    const auto status = Execute(*connection_, sql);
    Do("ROLLBACK");
    return status;
  }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  int64_t Waits() { return Waiting(*database_, "t"); }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
  std::unique_ptr<Connection> other_ = Value(database_->Connect());
};

TEST_F(TailStatementsTest, AReadOnlyTransactionIsToldWhyRowsHaveNoNumbers) {
  Do("INSERT INTO t VALUES (0, 'z')");
  // More than is stored before a transaction begins.
  Arrives("[[1, \"" + std::string(size_t{5} << 20, 'a') + "\"]]");
  ASSERT_TRUE(RunsReadOnly("SELECT count(*) FROM t").ok());
  for (const char* sql : {"SELECT rowid FROM t", "UPDATE t SET i = 2"}) {
    const auto status = RunsReadOnly(sql);
    EXPECT_EQ(base::KindOf(status), ErrorKind::kConflict) << status;
    EXPECT_NE(status.message().find("outside of a transaction"), std::string::npos)
        << status;
  }
  // It has left nothing behind.
  EXPECT_EQ(Waits(), 1);
  EXPECT_EQ(Get("SELECT max(rowid) FROM t"), "1");
  EXPECT_TRUE(RunsReadOnly("SELECT rowid FROM t").ok());
}

TEST_F(TailStatementsTest, ThePlanKnowsHowManyRowsWait) {
  std::string rows;
  for (int i = 0; i < 321; ++i) {
    rows += (i == 0 ? "[[" : ",[") + std::to_string(i) + ",\"\"]";
  }
  Arrives(rows + "]");
  const auto plan = Rows(*connection_, "EXPLAIN SELECT i FROM t");
  const std::string text = Value(plan->column(1)->GetScalar(0))->ToString();
  EXPECT_NE(text.find("321"), std::string::npos) << text;
}

TEST_F(TailStatementsTest, ACheckpointOfAClientWaitsForNobody) {
  Arrives(R"([[1, "a"]])");
  Do("CHECKPOINT");
  for (const char* sql :
       {"FORCE CHECKPOINT", "CALL force_checkpoint()", "FROM force_checkpoint()"}) {
    for (const bool in_transaction : {false, true}) {
      ASSERT_TRUE(!in_transaction || connection_->Begin().ok());
      EXPECT_FALSE(Execute(*connection_, sql).ok()) << sql;
      if (in_transaction) Do("ROLLBACK");
    }
  }
  const auto refused = Execute(*connection_, "FORCE CHECKPOINT");
  EXPECT_EQ(base::KindOf(refused), ErrorKind::kUnimplemented) << refused;
  // As when the server stops.
  EXPECT_EQ(MoveAll(*database_, "t"), 1);
  EXPECT_TRUE(database_->Checkpoint(true).ok());
}

// DuckDB makes several statements of it.
TEST_F(TailStatementsTest, AColumnWithACalculatedDefaultKeepsOtherTablesOpen) {
  Do("CREATE TABLE u (i BIGINT, s VARCHAR)");
  ASSERT_TRUE(connection_->Begin().ok());
  Do("ALTER TABLE t ADD COLUMN d DOUBLE DEFAULT CAST('1.5' AS DOUBLE)");
  const auto schema = testing::NumbersSchema();
  const auto enter = [&](const char* table) {
    const auto target =
        Value(database_->tails().TargetFor(*other_, {.table = table}, *schema));
    return database_->tails().Enter(*target, std::chrono::milliseconds(0)).status();
  };
  EXPECT_TRUE(enter("u").ok()) << enter("u");
  EXPECT_EQ(base::KindOf(enter("t")), ErrorKind::kConflict);
  Do("COMMIT");
  EXPECT_EQ(Get("SELECT count(d) FROM t"), "0");
}

// What is dropped with it may be any table, and rows that wait for one that is gone would
// have no place.
TEST_F(TailStatementsTest, ADropOfWhatTablesDependOnStoresTheirRowsFirst) {
  Do("CREATE SEQUENCE s");
  Do("CREATE TABLE u (i BIGINT DEFAULT nextval('s'), s VARCHAR)");
  const auto row = Batch(testing::NumbersSchema(), R"([[1, "a"]])");
  ASSERT_TRUE(Arrive(*database_, *other_, "u", {row}).ok());
  ASSERT_EQ(Waiting(*database_, "u"), 1);
  for (const bool in_transaction : {true, false}) {
    ASSERT_TRUE(!in_transaction || connection_->Begin().ok());
    Do("DROP SEQUENCE s CASCADE");
    if (in_transaction) {
      EXPECT_FALSE(Execute(*connection_, "FROM u").ok());
      Do("ROLLBACK");
      EXPECT_EQ(Get("SELECT count(*) FROM u"), "1");
    }
  }
  EXPECT_FALSE(Execute(*connection_, "FROM u").ok());
  EXPECT_TRUE(database_->tails().figures().empty());
}

}  // namespace
}  // namespace pintail::engine
