#include "engine/system_functions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::Value;

const auto kSchema = arrow::schema({arrow::field("n", arrow::int64())});

// pintail.count_to(n, from := m): the numbers from m (or 1) to n; counts its calls.
SystemFunction CountTo(std::shared_ptr<std::atomic<int>> calls) {
  return {.arguments = {arrow::field("n", arrow::int64())},
          .options = {arrow::field("first", arrow::int64())},
          .schema = kSchema,
          .call = [calls](const SystemFunctionCall& call)
              -> arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> {
            ++*calls;
            const auto& n = static_cast<const arrow::Int64Scalar&>(*call.arguments[0]);
            int64_t first = 1;
            if (call.options[0]) {
              first = static_cast<const arrow::Int64Scalar&>(*call.options[0]).value;
            }
            if (!n.is_valid) {
              return base::MakeError(ErrorKind::kConflict, "n is NULL");
            }
            arrow::RecordBatchVector batches;
            for (int64_t i = first; i <= n.value; ++i) {
              batches.push_back(testing::Batch(kSchema, "[[" + std::to_string(i) + "]]"));
            }
            return arrow::RecordBatchReader::Make(std::move(batches), kSchema);
          }};
}

class SystemFunctions : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = testing::OpenInMemory();
    ASSERT_TRUE(database_->AddSystemFunction("count_to", CountTo(calls_)).ok());
    connection_ = Value(database_->Connect());
  }

  std::shared_ptr<std::atomic<int>> calls_ = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(SystemFunctions, AreFoundWhereverAStatementCallsThem) {
  const struct {
    const char* sql;
    const char* cell;
  } kRows[] = {
      {"SELECT sum(n) FROM pintail.count_to(4)", "10"},
      {"SELECT sum(n) FROM Pintail.Count_To(4, first := 3)", "7"},
      {"CALL pintail.count_to(1)", "1"},
      {"WITH c AS (SELECT * FROM pintail.count_to(2)) SELECT count(*) FROM c", "2"},
      {"SELECT (SELECT max(n) FROM pintail.count_to(5))", "5"},
      {"SELECT 9 IN (FROM pintail.count_to(9))", "true"},
      {"SELECT a.n FROM range(1) JOIN pintail.count_to(1) a ON true", "1"},
      {"FROM pintail.count_to(1) UNION ALL FROM pintail.count_to(0)", "1"},
      {"SELECT column_name FROM (DESCRIBE FROM pintail.count_to(1))", "n"},
      {"CREATE TABLE t AS FROM pintail.count_to(3); SELECT count(*) FROM t", "3"},
      {"INSERT INTO t FROM pintail.count_to(3); SELECT count(*) FROM t", "6"},
      {"DELETE FROM t WHERE n IN (FROM pintail.count_to(2)); SELECT count(*) FROM t",
       "2"},
      {"CREATE VIEW v AS FROM pintail.count_to(3); SELECT count(*) FROM v", "3"},
      {"CREATE MACRO m(x) AS TABLE FROM pintail.count_to(x); SELECT count(*) FROM m(2)",
       "2"},
      {"PREPARE p AS SELECT sum(n) FROM pintail.count_to(3); EXECUTE p", "6"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Cell(*connection_, row.sql), row.cell);
}

TEST_F(SystemFunctions, AreFoundFromAnyDefaultDatabase) {
  ASSERT_TRUE(Execute(*connection_, "ATTACH ':memory:' AS pintail; USE pintail").ok());
  EXPECT_EQ(Cell(*connection_, "SELECT sum(n) FROM pintail.count_to(4)"), "10");
}

TEST_F(SystemFunctions, LeaveAFunctionOfTheUsersOwnAlone) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE SCHEMA pintail; CREATE MACRO pintail.own() AS TABLE "
                      "SELECT 42 AS answer")
                  .ok());
  EXPECT_EQ(Cell(*connection_, "FROM pintail.own()"), "42");
  EXPECT_EQ(Cell(*connection_, "SELECT sum(n) FROM pintail.count_to(4)"), "10");
}

TEST_F(SystemFunctions, AreCalledOnceForEachExecution) {
  auto prepared = testing::Prepare(*connection_, "FROM pintail.count_to(2)");
  EXPECT_EQ(*calls_, 0);
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(Value(Value(prepared->Execute({}, {}))->ToTable())->num_rows(), 2);
    EXPECT_EQ(*calls_, i);
  }
  ASSERT_TRUE(Execute(*connection_, "EXPLAIN FROM pintail.count_to(2)").ok());
  EXPECT_EQ(*calls_, 2);
}

TEST_F(SystemFunctions, TakeTheValueOfAParameter) {
  EXPECT_EQ(Cell(*connection_, "SELECT sum(n) FROM pintail.count_to(?)",
                 testing::Parameters({{"1", arrow::int64(), "3"}})),
            "6");
}

TEST_F(SystemFunctions, FailWithTheirOwnKind) {
  const auto failed = Execute(*connection_, "FROM pintail.count_to(NULL)");
  EXPECT_EQ(KindOfFailure(failed), ErrorKind::kConflict);
  EXPECT_EQ(failed.message(), "n is NULL");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "FROM pintail.count_to()")),
            ErrorKind::kInvalidSql);
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "FROM pintail.count_to('x')")),
            ErrorKind::kInvalidSql);
}

TEST_F(SystemFunctions, AreNotAddedTwice) {
  EXPECT_EQ(KindOfFailure(database_->AddSystemFunction("count_to", CountTo(calls_))),
            ErrorKind::kAlreadyExists);
}

TEST_F(SystemFunctions, ThatChangeSomethingAreNotReadOnly) {
  auto function = CountTo(calls_);
  function.changes = true;
  ASSERT_TRUE(database_->AddSystemFunction("change", std::move(function)).ok());
  EXPECT_FALSE(
      testing::Prepare(*connection_, "CALL pintail.change(1)")->traits().read_only);
  EXPECT_TRUE(
      testing::Prepare(*connection_, "FROM pintail.count_to(1)")->traits().read_only);
  EXPECT_EQ(Cell(*connection_, "CALL pintail.change(1)"), "1");
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE own(i INTEGER)").ok());
  // Beside a change of the transaction's one database.
  EXPECT_TRUE(Execute(*connection_,
                      "BEGIN; INSERT INTO own VALUES (1); CALL pintail.change(1); COMMIT")
                  .ok());
  EXPECT_FALSE(Execute(*connection_, "BEGIN READ ONLY; CALL pintail.change(1)").ok());
}

TEST_F(SystemFunctions, EndWhenTheyAreInterrupted) {
  std::atomic<bool> begun = false;
  SystemFunction wait{.schema = kSchema,
                      .call = [&](const SystemFunctionCall& call)
                          -> arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> {
                        begun = true;
                        begun.notify_all();
                        std::mutex mutex;
                        std::condition_variable_any stopped;
                        std::unique_lock lock(mutex);
                        stopped.wait(lock, call.stop, [] { return false; });
                        return base::MakeError(ErrorKind::kCancelled, "stopped");
                      }};
  ASSERT_TRUE(database_->AddSystemFunction("wait", std::move(wait)).ok());
  std::jthread interrupter([&] {
    begun.wait(false);
    connection_->Interrupt();
  });
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "CALL pintail.wait()")),
            ErrorKind::kCancelled);
}

}  // namespace
}  // namespace pintail::engine
