#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include "arrow/array.h"
#include "engine/connection.h"
#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::Prepare;
using testing::Value;

// Memory of this process that is in RAM, in bytes.
int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

class ResultStreamTest : public ::testing::Test {
 protected:
  arrow::Result<std::unique_ptr<ResultStream>> Run(const std::string& sql,
                                                   const ExecuteOptions& options = {}) {
    return connection_->Run(sql, {}, options);
  }
  std::shared_ptr<arrow::RecordBatch> Next(ResultStream& stream) {
    std::shared_ptr<arrow::RecordBatch> batch;
    auto status = stream.ReadNext(&batch);
    if (!status.ok()) throw std::runtime_error(status.ToString());
    return batch;
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory({.threads = 4});
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(ResultStreamTest, KeepsTheOrderOfATable) {
  ASSERT_TRUE(
      Execute(*connection_, "CREATE TABLE t AS SELECT i FROM range(3000000) r(i)").ok());
  auto stream = Value(Run("SELECT i FROM t"));
  int64_t expected = 0;
  while (auto batch = Next(*stream)) {
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < values.length(); ++i) {
      ASSERT_EQ(values.Value(i), expected++);
    }
  }
  EXPECT_EQ(expected, 3'000'000);
}

TEST_F(ResultStreamTest, KeepsTheOrderOfASort) {
  auto stream =
      Value(Run("SELECT i FROM range(1000000) r(i) WHERE i % 3 = 0 ORDER BY i DESC"));
  int64_t last = 1'000'000;
  int64_t rows = 0;
  while (auto batch = Next(*stream)) {
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < values.length(); ++i, ++rows) {
      ASSERT_LT(values.Value(i), last);
      last = values.Value(i);
    }
  }
  EXPECT_EQ(rows, 333'334);
}

TEST_F(ResultStreamTest, FilteredRowsComeTogetherInWholeBatches) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE t AS SELECT i, i * 2 AS j FROM range(2000000) r(i)")
                  .ok());
  auto stream = Value(Run("SELECT * FROM t WHERE i % 5 = 0"));
  int64_t rows = 0;
  int64_t batches = 0;
  while (auto batch = Next(*stream)) {
    ASSERT_TRUE(batch->ValidateFull().ok());
    rows += batch->num_rows();
    ++batches;
  }
  EXPECT_EQ(rows, 400'000);
  EXPECT_LT(batches, 40);
}

TEST_F(ResultStreamTest, BatchesAreNearTheWantedSize) {
  auto stream = Value(Run("SELECT i, i + 1, i + 2, i + 3 FROM range(1000000) r(i)",
                          {.batch_bytes = 256 * 1024}));
  auto batch = Next(*stream);
  EXPECT_GT(batch->num_rows() * 32, 128 * 1024);
  EXPECT_LE(batch->num_rows() * 32, 320 * 1024);
}

TEST_F(ResultStreamTest, HugeValuesMakeSmallBatches) {
  auto stream = Value(Run("SELECT repeat('x', 1000000) FROM range(100)"));
  int64_t rows = 0;
  while (auto batch = Next(*stream)) {
    EXPECT_LE(batch->num_rows(), 2);
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 100);
}

TEST_F(ResultStreamTest, TenMillionRowsTakeLittleMemory) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE t AS SELECT i, i * 2 AS j, i * 3 AS k, i * 4 AS l "
                      "FROM range(10000000) r(i)")
                  .ok());
  const int64_t before = ResidentBytes();
  int64_t most = 0;
  int64_t rows = 0;
  auto stream = Value(Run("SELECT * FROM t"));
  while (auto batch = Next(*stream)) {
    rows += batch->num_rows();
    most = std::max(most, ResidentBytes());
  }
  EXPECT_EQ(rows, 10'000'000);
  EXPECT_LT(most - before, 64 << 20);
}

TEST_F(ResultStreamTest, AReaderThatPausesHoldsNoThread) {
  auto paused = Value(Run("SELECT i FROM range(100000000) r(i)"));
  ASSERT_TRUE(Next(*paused));
  auto other = Value(database_->Connect());
  EXPECT_EQ(Cell(*other, "SELECT count(*) FROM range(1000000)"), "1000000");
  EXPECT_TRUE(Next(*paused));
}

TEST_F(ResultStreamTest, DroppingItEndsTheQueryAndFreesTheConnection) {
  {
    auto stream = Value(Run("SELECT * FROM range(100000000000)"));
    ASSERT_TRUE(Next(*stream));
  }
  EXPECT_EQ(Cell(*connection_, "SELECT 1"), "1");
}

TEST_F(ResultStreamTest, DroppingItKeepsTheTransaction) {
  ASSERT_TRUE(connection_->Begin().ok());
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t AS SELECT 1 AS i").ok());
  {
    auto stream = Value(Run("SELECT * FROM range(100000000000)"));
    ASSERT_TRUE(Next(*stream));
  }
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM t"), "1");
  ASSERT_TRUE(connection_->Commit().ok());
}

TEST_F(ResultStreamTest, OutlivesItsConnection) {
  auto stream = Value(Run("SELECT * FROM range(1000000)"));
  connection_.reset();
  EXPECT_EQ(Value(stream->ToTable())->num_rows(), 1'000'000);
}

TEST_F(ResultStreamTest, AnErrorInAnotherThreadIsGivenToTheReader) {
  auto stream =
      Value(Run("SELECT CASE WHEN i = 900000 THEN error('here') ELSE i END "
                "FROM range(1000000) r(i)"));
  auto status = stream->ToTable().status();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("here"), std::string::npos) << status.ToString();
  std::shared_ptr<arrow::RecordBatch> batch;
  EXPECT_FALSE(stream->ReadNext(&batch).ok());
}

TEST_F(ResultStreamTest, AnEmptyResultHasItsSchema) {
  auto stream = Value(Run("SELECT 1 AS i, 'x' AS s WHERE false"));
  EXPECT_EQ(stream->schema()->ToString(), "i: int32\ns: string");
  EXPECT_EQ(Next(*stream), nullptr);
  EXPECT_EQ(Next(*stream), nullptr);
}

TEST_F(ResultStreamTest, AKeptResultLeavesTheConnectionFree) {
  auto stream = Value(Run("SELECT * FROM range(1000000)", {.materialize = true}));
  EXPECT_EQ(Cell(*connection_, "SELECT 1"), "1");
  EXPECT_EQ(Value(stream->ToTable())->num_rows(), 1'000'000);
}

TEST_F(ResultStreamTest, AKeptResultMayBeLargerThanMemory) {
  testing::TemporaryFolder folder;
  auto small = testing::OpenInMemory(
      {.memory_limit_bytes = 48 << 20, .threads = 1, .temp_directory = folder.path()});
  auto connection = Value(small->Connect());
  auto stream = Value(connection->Run("SELECT i, i, i FROM range(5000000) r(i)", {},
                                      {.materialize = true}));
  int64_t rows = 0;
  while (auto batch = Next(*stream)) rows += batch->num_rows();
  EXPECT_EQ(rows, 5'000'000);
}

// Runs the statement in a thread, stops it once it works, and gives how it ended. Fails
// by never ending when it cannot be stopped.
class Interruption : public ResultStreamTest,
                     public ::testing::WithParamInterface<const char*> {};

TEST_P(Interruption, EndsTheStatement) {
  std::atomic<bool> begun = false;
  auto ended = std::async(std::launch::async, [&] {
    begun = true;
    return Execute(*connection_, GetParam());
  });
  while (!begun) std::this_thread::yield();
  // An interrupt before the statement works is forgotten, so it is sent until it is
  // heard.
  while (ended.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
    connection_->Interrupt();
  }
  EXPECT_EQ(KindOfFailure(ended.get()), ErrorKind::kCancelled);
  EXPECT_EQ(Cell(*connection_, "SELECT 1"), "1");
}

INSTANTIATE_TEST_SUITE_P(
    Statements, Interruption,
    ::testing::Values(
        "SELECT * FROM range(10000000000000)",
        "SELECT count(*) FROM range(10000000) a, range(10000000) b",
        "SELECT a.range FROM range(1000000000) a ORDER BY hash(a.range) LIMIT 10 OFFSET "
        "9",
        "CREATE TABLE t AS SELECT * FROM range(100000000000)",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) "
        "FROM r"));

TEST_F(ResultStreamTest, AStopThatWasAskedForBeforeCounts) {
  std::stop_source source;
  source.request_stop();
  for (bool materialize : {false, true}) {
    auto status = Execute(*connection_, "SELECT * FROM range(10000000000000)", {},
                          {.materialize = materialize, .stop = source.get_token()});
    EXPECT_EQ(KindOfFailure(status), ErrorKind::kCancelled);
  }
  EXPECT_EQ(Cell(*connection_, "SELECT 1"), "1");
}

TEST_F(ResultStreamTest, AStopAfterTheEndHarmsNothing) {
  std::stop_source source;
  auto stream = Value(Run("SELECT 1", {.stop = source.get_token()}));
  ASSERT_TRUE(Next(*stream));
  ASSERT_FALSE(Next(*stream));
  auto next = Value(Run("SELECT * FROM range(1000000)"));
  source.request_stop();
  EXPECT_EQ(Value(next->ToTable())->num_rows(), 1'000'000);
}

TEST_F(ResultStreamTest, AnInterruptWithoutAStatementHarmsNothing) {
  connection_->Interrupt();
  EXPECT_EQ(Cell(*connection_, "SELECT 1"), "1");
}

// A plan may be kept for its next run; what the run made must not be kept with it.
TEST_F(ResultStreamTest, ARunThatHasEndedLeavesNothingInItsPlan) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE wide AS SELECT range AS i, hash(range)::VARCHAR AS s "
                      "FROM range(1000000)")
                  .ok());
  const auto used = [&] { return Value(database_->Figures()).memory_bytes; };
  const int64_t before = used();
  auto prepared = Prepare(*connection_,
                          "WITH c AS MATERIALIZED (SELECT s FROM wide) SELECT count(*) "
                          "FROM c x, (SELECT max(s) AS m FROM c) y WHERE x.s <= y.m");
  for (const bool materialize : {false, true}) {
    auto rows = Value(prepared->Execute({}, {.materialize = materialize}));
    EXPECT_EQ(Value(rows->ToRecordBatches()).size(), 1);
    rows.reset();
    EXPECT_LT(used(), before + (int64_t{8} << 20)) << "materialize " << materialize;
  }
}

}  // namespace
}  // namespace pintail::engine
