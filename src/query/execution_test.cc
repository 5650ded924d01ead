#include "query/execution.h"

#include "base/error.h"
#include "catalog/testing/rows.h"
#include "engine/database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "query/statement_text.h"

namespace pintail::query {
namespace {

using catalog::testing::Batch;
using catalog::testing::Text;
using ::testing::HasSubstr;

class ExecutionTest : public ::testing::Test {
 protected:
  std::unique_ptr<engine::PreparedStatement> Prepare(const std::string& sql) {
    auto statements = ParseText(*connection_, sql).ValueOrDie();
    return connection_->Prepare(std::move(statements.front())).ValueOrDie();
  }

  std::string Run(engine::PreparedStatement& statement,
                  std::shared_ptr<arrow::RecordBatch> parameters = nullptr) {
    const auto outcome = Execute(call_, {.connection = *connection_,
                                         .statement = statement,
                                         .parameters = std::move(parameters)});
    return outcome.ok() ? Text(*outcome->rows) : Text(outcome.status());
  }

  std::string Run(const std::string& sql) { return Run(*Prepare(sql)); }

  std::unique_ptr<engine::Database> database_ = engine::Database::Open({}).ValueOrDie();
  std::unique_ptr<engine::Connection> connection_ = database_->Connect().ValueOrDie();
  base::CallContext call_{{.request_id = "r",
                           .identity = "",
                           .peer = "",
                           .protocol = "internal",
                           .method = "",
                           .deadline = std::nullopt}};
  const std::shared_ptr<arrow::Schema> number_ =
      arrow::schema({arrow::field("0", arrow::int64())});
};

TEST_F(ExecutionTest, RunsAChangeForEachRowAndAddsUpWhatItChanged) {
  Run("CREATE TABLE t (a BIGINT)");
  const auto insert = Prepare("INSERT INTO t SELECT ?::BIGINT FROM range(2)");
  const auto outcome =
      Execute(call_, {.connection = *connection_,
                      .statement = *insert,
                      .parameters = Batch(number_, R"([{"0": 1}, {"0": 2}, {"0": 3}])")})
          .ValueOrDie();
  EXPECT_EQ(outcome.rows_changed, 6);
  EXPECT_TRUE(outcome.detached);
  EXPECT_EQ(Run("SELECT sum(a)::BIGINT FROM t"), "12");
}

TEST_F(ExecutionTest, UndoesAllRowsWhenOneFailsUnlessTheCallerHoldsATransaction) {
  Run("CREATE TABLE t (a BIGINT CHECK (a < 10))");
  const auto insert = Prepare("INSERT INTO t VALUES (?)");
  const auto rows = Batch(number_, R"([{"0": 1}, {"0": 99}])");
  EXPECT_THAT(Run(*insert, rows), HasSubstr("CHECK"));
  EXPECT_FALSE(connection_->InTransaction());
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "0");
  ASSERT_TRUE(connection_->Begin().ok());
  EXPECT_THAT(Run(*insert, rows), HasSubstr("CHECK"));
  EXPECT_TRUE(connection_->InTransaction());
}

TEST_F(ExecutionTest, ReadsForEachRowOneAfterTheOther) {
  const auto select = Prepare("SELECT range + ?::BIGINT FROM range(2)");
  EXPECT_EQ(Run(*select, Batch(number_, R"([{"0": 10}, {"0": 20}])")), "10\n11\n20\n21");
  EXPECT_EQ(Run(*select, Batch(number_, "[]")), "");
}

TEST_F(ExecutionTest, StopsBetweenRowsWhenTheCallIsCancelled) {
  Run("CREATE TABLE t (a BIGINT)");
  const auto insert = Prepare("INSERT INTO t VALUES (?)");
  call_.Cancel(base::ErrorKind::kCancelled, "enough");
  EXPECT_EQ(Run(*insert, Batch(number_, R"([{"0": 1}])")), "cancelled: enough");
}

TEST_F(ExecutionTest, RefusesParametersThatDoNotFit) {
  const auto select = Prepare("SELECT ?::BIGINT, ?::BIGINT");
  EXPECT_THAT(Run(*select), HasSubstr("2 parameters ($1, $2), but 0 values"));
  EXPECT_THAT(Run(*select, Batch(number_, R"([{"0": 1}])")),
              HasSubstr("2 parameters ($1, $2), but 1 value was"));
}

TEST_F(ExecutionTest, TellsWhichStatementsConcernTheConnectionAndWhichCanStream) {
  Run("CREATE TABLE t (a BIGINT)");
  const struct {
    const char* sql;
    bool concerns;
    bool streams;
  } kRows[] = {
      {"SELECT 1", false, true},
      {"FROM t", false, true},
      {"EXPLAIN SELECT 1", false, true},
      {"INSERT INTO t VALUES (1)", false, false},
      {"INSERT INTO t VALUES (1) RETURNING a", false, false},
      {"CREATE TEMP TABLE u (a INTEGER)", false, false},
      {"SET TimeZone = 'UTC'", true, false},
      {"USE memory", true, false},
      {"BEGIN", true, false},
      {"PREPARE p AS SELECT 1", true, false},
  };
  for (const auto& row : kRows) {
    const auto traits = Prepare(row.sql)->traits();
    EXPECT_EQ(ConcernsTheConnection(traits), row.concerns) << row.sql;
    EXPECT_EQ(CanStream(traits), row.streams) << row.sql;
  }
}

TEST_F(ExecutionTest, IsCertainOfColumnsOnlyWhenValuesHaveTheExpectedTypes) {
  const auto text = arrow::schema({arrow::field("0", arrow::utf8())});
  const auto typed = Prepare("SELECT ?::BIGINT AS a");
  EXPECT_TRUE(SchemaIsCertain(*Prepare("SELECT 1"), nullptr));
  EXPECT_TRUE(SchemaIsCertain(*typed, Batch(number_, R"([{"0": 1}])").get()));
  EXPECT_FALSE(SchemaIsCertain(*typed, Batch(text, R"([{"0": "1"}])").get()));
  EXPECT_FALSE(
      SchemaIsCertain(*Prepare("SELECT ? AS a"), Batch(number_, R"([{"0": 1}])").get()));
  const auto nothing = arrow::schema({arrow::field("0", arrow::null())});
  EXPECT_FALSE(SchemaIsCertain(*Prepare("SELECT ? AS a"),
                               Batch(nothing, R"([{"0": null}])").get()));
}

TEST_F(ExecutionTest, SplitsATextAndRefusesAnEmptyOne) {
  EXPECT_EQ(ParseText(*connection_, "SELECT 1; SELECT ';'; -- end").ValueOrDie().size(),
            2);
  for (const char* empty : {"", " ; ", "/* nothing */"}) {
    EXPECT_EQ(base::KindOf(ParseText(*connection_, empty).status()),
              base::ErrorKind::kInvalidSql);
  }
}

}  // namespace
}  // namespace pintail::query
