#include "ingest/intake.h"

#include <gtest/gtest.h>

#include "engine/testing/sql.h"
#include "engine/testing/tail.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using engine::testing::Batch;
using engine::testing::Cell;
using engine::testing::Execute;
using engine::testing::Reader;
using engine::testing::TemporaryFolder;
using engine::testing::Value;

const auto kSchema =
    arrow::schema({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8())});

// A database file with its journal, as a server has them; nothing moves by itself.
class World {
 public:
  explicit World(const TemporaryFolder& folder, bool with_journal = true,
                 Arrivals::Options arrivals = {},
                 int64_t journal_bytes = int64_t{1} << 30)
      : database_(Value(engine::Database::Open(
            {.path = with_journal ? folder.File("x.duckdb") : ":memory:",
             .clock = &clock_}))) {
    Intake::Options options{.arrivals = arrivals};
    if (with_journal) {
      options.journal = {{.folder = folder.File("x.journal"),
                          .segment_bytes = int64_t{1} << 20,
                          .max_bytes = journal_bytes}};
    }
    intake_ = Value(Intake::Open({.database = *database_,
                                  .timers = timers_,
                                  .clock = clock_,
                                  .log = logs_->For("ingest"),
                                  .metrics = metrics_},
                                 options));
    connection_ = Value(database_->Connect());
    streams_ = std::make_unique<catalog::Streams>(
        clock_, catalog::StreamPolicy{}, std::vector<catalog::StreamDeclaration>{});
    path_ = std::make_unique<WritePath>(
        *streams_, &intake_->arrivals(), clock_, timers_,
        WritePath::Options{.lock_timeout = arrivals.lock_timeout});
  }

  arrow::Result<Outcome> Put(arrow::RecordBatchVector batches, Order order = {},
                             const base::CallContext* call = nullptr) {
    if (order.table.table.empty()) order.table.table = "t";
    const auto connection = Value(database_->Connect());
    return path_->Ingest(call ? *call : call_, *connection, order,
                         Reader(std::move(batches)), on_commit);
  }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  int64_t Waits() { return engine::testing::Waiting(*database_, "t"); }
  engine::Connection& connection() { return *connection_; }
  engine::Database& database() { return *database_; }
  Intake& intake() { return *intake_; }
  const base::Clock& clock() const { return clock_; }

  OnCommit on_commit;

 private:
  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  std::unique_ptr<base::Logs> logs_ = base::SilentLogs();
  base::Metrics metrics_{"pintail"};
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<engine::Connection> connection_;
  std::unique_ptr<catalog::Streams> streams_;
  std::unique_ptr<WritePath> path_;
};

std::shared_ptr<arrow::RecordBatch> Some(const std::string& json) {
  return Batch(kSchema, json);
}

class IntakeTest : public ::testing::TestWithParam<bool> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(IntakeTest, ACommitIsSeenBeforeItIsInTheTable) {
  World world(folder_, GetParam());
  // The first one makes the table.
  ASSERT_TRUE(world.Put({Some(R"([[1, "a"]])")}).ok());
  EXPECT_EQ(world.Waits(), 1);
  const auto outcome =
      world.Put({Some(R"([[2, "b"]])"), Some(R"([[3, "c"], [4, null]])")});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->rows, 3);
  EXPECT_EQ(outcome->commits, 1);
  EXPECT_EQ(world.Waits(), 4);
  EXPECT_EQ(world.Get("SELECT concat(count(*), max(s), sum(i)) FROM t"), "4c10");
  ASSERT_TRUE(world.intake().Stop().ok());
  EXPECT_EQ(world.Waits(), 0);
  EXPECT_EQ(world.Get("SELECT concat(count(*), max(s), sum(i)) FROM t"), "4c10");
}

TEST_P(IntakeTest, WhatDoesNotFitTheTableGoesTheWayThatAltersOrRefuses) {
  World world(folder_, GetParam());
  ASSERT_TRUE(world.Put({Some(R"([[1, "a"]])")}).ok());
  ASSERT_TRUE(world.Put({Some(R"([[2, "b"]])")}).ok());
  const auto wider = arrow::schema(
      {kSchema->field(0), kSchema->field(1), arrow::field("d", arrow::float64())});
  ASSERT_TRUE(world.Put({Batch(wider, R"([[3, "c", 0.5]])")}).ok());
  EXPECT_EQ(world.Get("SELECT concat(count(*), ' ', sum(i), ' ', sum(d)) FROM t"),
            "3 6 0.5");
  Order strict;
  strict.stream.policy.schema_policy = columnar::SchemaPolicy::kStrict;
  strict.mode = Mode::kAppend;
  strict.table.table = "none";
  EXPECT_EQ(base::KindOf(world.Put({Some(R"([[4, "d"]])")}, strict).status()),
            base::ErrorKind::kNotFound);
}

TEST_P(IntakeTest, EachCommitOfAStreamIsAcknowledgedOnceItIsSeen) {
  World world(folder_, GetParam());
  ASSERT_TRUE(world.Put({Some(R"([[0, ""]])")}).ok());
  std::vector<std::string> seen;
  world.on_commit = [&](const Commit& commit) {
    seen.push_back(std::to_string(commit.rows) + "/" +
                   world.Get("SELECT count(*) FROM t"));
    return arrow::Status::OK();
  };
  Order order;
  order.stream.policy.commit_rows = 1;
  const auto outcome = world.Put(
      {Some(R"([[1, "a"]])"), Some(R"([[2, "b"]])"), Some(R"([[3, "c"]])")}, order);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(seen, (std::vector<std::string>{"1/2", "2/3", "3/4"}));
  EXPECT_EQ(world.Waits(), 4);
}

std::shared_ptr<arrow::RecordBatch> Long(int i) {
  return Some("[[" + std::to_string(i) + ", \"" + std::string(150, 'x') + "\"]]");
}

TEST_P(IntakeTest, ALargeCommitGoesStraightIntoTheTable) {
  World world(folder_, GetParam(), {.max_commit_bytes = 200});
  ASSERT_TRUE(world.Put({Long(0), Long(1)}).ok());
  EXPECT_EQ(world.Waits(), 0);
  ASSERT_TRUE(world.Put({Long(2)}).ok());
  EXPECT_EQ(world.Waits(), 1);
  ASSERT_TRUE(world.Put({Long(3), Long(4)}).ok());
  EXPECT_EQ(world.Waits(), 0);
  EXPECT_EQ(world.Get("SELECT string_agg(i, ',' ORDER BY i) FROM t"), "0,1,2,3,4");
}

TEST_P(IntakeTest, RowsThatGoStraightIntoTheTableComeAfterThoseThatWait) {
  World world(folder_, GetParam(), {.max_commit_bytes = 200});
  ASSERT_TRUE(world.Put({Long(0)}).ok());
  ASSERT_TRUE(world.Put({Long(1), Long(2)}).ok());
  EXPECT_EQ(world.Get("SELECT string_agg(i, ',') FROM t"), "0,1,2");
}

TEST_P(IntakeTest, WhenTheTailsAreFullRowsAreMovedToMakeRoom) {
  World world(folder_, GetParam(), {.max_commit_bytes = 200, .max_bytes = 400});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(world.Put({Long(i)}).ok());
  EXPECT_LE(world.database().tails().bytes(), 400);
  EXPECT_EQ(world.Get("SELECT sum(i) FROM t"), "190");
}

class FullTails : public IntakeTest {
 protected:
  // Two puts that nobody can move, because a transaction has deleted them.
  void Fill(World& world) {
    ASSERT_TRUE(Execute(world.connection(), "CREATE TABLE t (i BIGINT, s VARCHAR)").ok());
    for (const int i : {1, 2}) ASSERT_TRUE(world.Put({Long(i)}).ok());
    ASSERT_TRUE(changes_->Begin(/*for_changes=*/false).ok());
    ASSERT_TRUE(Execute(*changes_, "DELETE FROM t").ok());
  }
  std::unique_ptr<engine::Connection> changes_;
};

TEST_P(FullTails, FailThePutWhoseDeadlineComesFirst) {
  World world(folder_, GetParam(), {.max_commit_bytes = 200, .max_bytes = 400});
  changes_ = Value(world.database().Connect());
  Fill(world);
  const base::CallContext late({.deadline = world.clock().Now()});
  const auto refused = world.Put({Long(3)}, {}, &late);
  EXPECT_EQ(base::KindOf(refused.status()), base::ErrorKind::kResourceExhausted)
      << refused.status();
  ASSERT_TRUE(changes_->Rollback().ok());
  ASSERT_TRUE(world.Put({Long(4)}).ok());
  EXPECT_EQ(world.Get("SELECT string_agg(i, ',' ORDER BY i) FROM t"), "1,2,4");
}

TEST_P(FullTails, SendOtherPutsStraightIntoTheTableAtLast) {
  World world(folder_, GetParam(),
              {.max_commit_bytes = 200,
               .max_bytes = 400,
               .lock_timeout = std::chrono::milliseconds(0)});
  changes_ = Value(world.database().Connect());
  Fill(world);
  ASSERT_TRUE(world.Put({Long(3)}).ok());
  EXPECT_EQ(world.Get("SELECT string_agg(i, ',' ORDER BY i) FROM t"), "1,2,3");
  ASSERT_TRUE(changes_->Commit().ok());
  EXPECT_EQ(world.Get("SELECT string_agg(i, ',' ORDER BY i) FROM t"), "3");
}

// The journal refuses a record that is larger than all of it may be.
TEST_F(FullTails, AFailedFirstPutLeavesNoTable) {
  World world(folder_, /*with_journal=*/true, {}, /*journal_bytes=*/int64_t{1} << 20);
  const auto refused = world.Put({Some("[[1, \"" + std::string(2 << 20, 'x') + "\"]]")});
  EXPECT_EQ(base::KindOf(refused.status()), base::ErrorKind::kResourceExhausted)
      << refused.status();
  EXPECT_EQ(world.Get("SELECT count(*) FROM duckdb_tables() WHERE table_name = 't'"),
            "0");
  ASSERT_TRUE(world.Put({Long(1)}).ok());
  EXPECT_EQ(world.Get("SELECT count(*) FROM t"), "1");
}

INSTANTIATE_TEST_SUITE_P(Journal, FullTails, ::testing::Bool());

INSTANTIATE_TEST_SUITE_P(Journal, IntakeTest, ::testing::Bool());

class RecoveryTest : public IntakeTest {};

TEST_F(RecoveryTest, WhatWasAcknowledgedIsThereOnceAfterTheProcessEnds) {
  const TemporaryFolder restored;
  {
    World world(folder_);
    ASSERT_TRUE(world.Put({Some(R"([[1, "a"]])")}).ok());
    ASSERT_TRUE(world.Put({Some(R"([[2, "b"]])")}).ok());
    ASSERT_EQ(engine::testing::MoveAll(world.database(), "t"), 2);
    ASSERT_TRUE(world.Put({Some(R"([[3, "c"], [4, "d"]])")}).ok());
    // What the end of the process would leave.
    std::filesystem::copy(folder_.path(), restored.path(),
                          std::filesystem::copy_options::recursive);
  }
  for (int start = 0; start < 3; ++start) {
    World world(restored);
    EXPECT_EQ(world.Get("SELECT string_agg(s, '' ORDER BY i) FROM t"), "abcd");
    if (start == 1) world.intake().Stop().ok();
  }
}

TEST_F(RecoveryTest, ATableThatCannotTakeItsRowsAnyMoreStopsTheStart) {
  const TemporaryFolder restored;
  {
    World world(folder_);
    ASSERT_TRUE(world.Put({Some(R"([[1, "a"]])")}).ok());
    ASSERT_TRUE(world.Put({Some(R"([[2, "b"]])")}).ok());
    std::filesystem::copy(folder_.path(), restored.path(),
                          std::filesystem::copy_options::recursive);
  }
  {
    auto database = Value(engine::Database::Open({.path = restored.File("x.duckdb")}));
    ASSERT_TRUE(Execute(*Value(database->Connect()), "DROP TABLE t").ok());
  }
  base::ManualClock clock;
  base::Timers timers(clock, /*start_thread=*/false);
  const auto logs = base::SilentLogs();
  base::Metrics metrics("pintail");
  auto database = Value(engine::Database::Open({.path = restored.File("x.duckdb")}));
  const auto refused =
      Intake::Open({.database = *database,
                    .timers = timers,
                    .clock = clock,
                    .log = logs->For("ingest"),
                    .metrics = metrics},
                   {.journal = {{.folder = restored.File("x.journal")}}});
  EXPECT_EQ(base::KindOf(refused.status()), base::ErrorKind::kUnavailable);
  EXPECT_NE(refused.status().message().find("\"main\".\"t\""), std::string::npos)
      << refused.status().message();
}

TEST(NamesInJournal, AreReadAsTheyAreWritten) {
  for (const std::string table : {"t", "a\"b", "x.y", "\"", "", "ä.\"z"}) {
    const engine::TableName name{.schema = "s\"." + table, .table = table};
    EXPECT_EQ(Value(ParseName(NameInJournal(name))), name) << NameInJournal(name);
  }
  for (const char* wrong : {"", "t", "\"s\"", "\"s\".", "\"s\".\"t\".\"u\"", "\"s.t"}) {
    EXPECT_FALSE(ParseName(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace pintail::ingest
