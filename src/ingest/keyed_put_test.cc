// Puts with a key through the whole write path, and what of them outlives the process.
#include <gtest/gtest.h>

#include <thread>

#include "engine/testing/sql.h"
#include "engine/testing/tail.h"
#include "ingest/intake.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using engine::testing::Cell;
using engine::testing::Execute;
using engine::testing::TemporaryFolder;
using engine::testing::Value;
using testing::Batch;
using testing::Reader;
using testing::ScriptedReader;

const auto kSchema = arrow::schema({arrow::field("i", arrow::int64())});

std::shared_ptr<arrow::RecordBatch> Some(const std::string& json) {
  return Batch(kSchema, json);
}

// A server's write path on a database file; nothing moves by itself.
class World {
 public:
  explicit World(const TemporaryFolder& folder, bool with_tail = true)
      : database_(Value(
            engine::Database::Open({.path = folder.File("x.duckdb"), .clock = &clock_}))),
        connection_(Value(database_->Connect())) {
    const Repeats::Options kept{.in_database = true};
    repeats_ = Value(Repeats::Open({.tails = database_->tails(),
                                    .clock = clock_,
                                    .timers = timers_,
                                    .metrics = metrics_},
                                   kept));
    if (with_tail) {
      intake_ = Value(Intake::Open({.database = *database_,
                                    .timers = timers_,
                                    .clock = clock_,
                                    .log = logs_->For("ingest"),
                                    .metrics = metrics_,
                                    .repeats = repeats_.get()},
                                   {.journal = {{.folder = folder.File("x.journal")}}}));
    }
    path_ = std::make_unique<WritePath>(streams_,
                                        intake_ ? &intake_->arrivals() : nullptr, clock_,
                                        timers_, WritePath::Options{}, repeats_.get());
  }

  arrow::Result<Outcome> Ingest(engine::Connection& connection, Order order,
                                std::shared_ptr<arrow::RecordBatchReader> reader) {
    if (order.table.table.empty()) order.table.table = "t";
    return path_->Ingest(call_, connection, order, std::move(reader), on_commit);
  }
  // "applied", "repeated", or the error.
  std::string Put(const std::string& key, const std::string& rows,
                  const Order& order = {}) {
    return PutOn(*Value(database_->Connect()), key, rows, order);
  }
  std::string PutOn(engine::Connection& connection, const std::string& key,
                    const std::string& rows, Order order = {}) {
    order.key = key;
    const auto outcome = Ingest(connection, order, Reader({Some(rows)}));
    if (!outcome.ok()) return outcome.status().message();
    return outcome->repeated ? "repeated" : "applied";
  }
  void Do(const std::string& sql) {
    const auto status = Execute(*connection_, sql);
    EXPECT_TRUE(status.ok()) << sql << ": " << status;
  }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  std::string Sum(const std::string& table = "t") {
    return Get("SELECT concat(count(*), '/', sum(i)) FROM " + table);
  }
  int64_t Waits() { return engine::testing::Waiting(*database_, "t"); }
  engine::Database& database() { return *database_; }
  engine::Connection& connection() { return *connection_; }
  int64_t CountedCommits() {
    int64_t commits = 0;
    for (const auto& stream : streams_.List()) commits += stream.commits;
    return commits;
  }

  OnCommit on_commit;

 private:
  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  std::unique_ptr<base::Logs> logs_ = base::SilentLogs();
  base::Metrics metrics_{"pintail"};
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
  catalog::Streams streams_{clock_, {}, {}};
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Connection> connection_;
  std::unique_ptr<Repeats> repeats_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<WritePath> path_;
};

class KeyedPutTest : public ::testing::Test {
 protected:
  // What the end of the process would leave.
  void CopyTo(const TemporaryFolder& copy) {
    std::filesystem::copy(folder_.path(), copy.path(),
                          std::filesystem::copy_options::recursive);
  }

  TemporaryFolder folder_;
};

TEST_F(KeyedPutTest, ARepeatIsNotApplied) {
  World world(folder_);
  EXPECT_EQ(world.Put("a", "[[1]]"), "applied");  // makes the table
  EXPECT_EQ(world.Put("b", "[[2], [3]]"), "applied");
  EXPECT_EQ(world.Waits(), 3);
  const int64_t counted = world.CountedCommits();
  EXPECT_EQ(world.Put("a", "[[1]]"), "repeated");
  EXPECT_EQ(world.Put("b", "[[2], [3]]"), "repeated");
  EXPECT_EQ(world.Sum(), "3/6");
  EXPECT_EQ(world.CountedCommits(), counted);
  Order quoted;
  quoted.table = {.schema = "MAIN", .table = "T"};
  EXPECT_EQ(world.Put("b", "[[2], [3]]", quoted), "repeated");
  Order other;
  other.table.table = "u";
  EXPECT_EQ(world.Put("a", "[[1]]", other), "applied");
}

TEST_F(KeyedPutTest, IsKnownAfterTheProcessEndsWhereverItsRowsAre) {
  const TemporaryFolder restored;
  {
    World world(folder_);
    EXPECT_EQ(world.Put("makes the table", "[[1]]"), "applied");
    EXPECT_EQ(world.Put("moved", "[[2]]"), "applied");
    ASSERT_EQ(engine::testing::MoveAll(world.database(), "t"), 2);
    EXPECT_EQ(world.Put("no rows", "[]"), "applied");
    world.Do("CREATE TABLE c (i BIGINT, CHECK (i > 0))");
    Order checked;
    checked.table.table = "c";
    EXPECT_EQ(world.Put("direct", "[[8]]", checked), "applied");
    EXPECT_EQ(world.Put("in the tail", "[[4]]"), "applied");
    ASSERT_EQ(world.Waits(), 1);
    CopyTo(restored);
  }
  for (int start = 0; start < 3; ++start) {
    World world(restored);
    for (const char* key : {"makes the table", "moved", "in the tail"}) {
      EXPECT_EQ(world.Put(key, "[[0]]"), "repeated") << key << start;
    }
    EXPECT_EQ(world.Put("no rows", "[]"), "repeated");
    Order checked;
    checked.table.table = "c";
    EXPECT_EQ(world.Put("direct", "[[8]]", checked), "repeated");
    EXPECT_EQ(world.Sum(), "3/7");
    EXPECT_EQ(world.Sum("c"), "1/8");
  }
}

TEST_F(KeyedPutTest, IsKnownAfterATransactionHasTakenItsRows) {
  const TemporaryFolder restored;
  {
    World world(folder_);
    world.Do("CREATE TABLE t (i BIGINT)");
    EXPECT_EQ(world.Put("a", "[[1]]"), "applied");
    ASSERT_TRUE(world.connection().Begin().ok());
    world.Do("UPDATE t SET i = 10");
    ASSERT_TRUE(world.connection().Commit().ok());
    EXPECT_EQ(world.Waits(), 0);
    CopyTo(restored);
  }
  World world(restored);
  EXPECT_EQ(world.Put("a", "[[1]]"), "repeated");
  EXPECT_EQ(world.Sum(), "1/10");
}

TEST_F(KeyedPutTest, IsKnownWithoutATailToo) {
  {
    World world(folder_, /*with_tail=*/false);
    EXPECT_EQ(world.Put("a", "[[1]]"), "applied");
  }
  World world(folder_, /*with_tail=*/false);
  EXPECT_EQ(world.Put("a", "[[1]]"), "repeated");
  EXPECT_EQ(world.Sum(), "1/1");
}

TEST_F(KeyedPutTest, WhatFailedMayBeSentAgain) {
  World world(folder_);
  world.Do("CREATE TABLE t (i BIGINT, CHECK (i > 0))");
  EXPECT_NE(world.Put("a", "[[-1]]").find("CHECK"), std::string::npos);
  EXPECT_EQ(world.Put("a", "[[1]]"), "applied");
  EXPECT_EQ(world.Sum(), "1/1");
  EXPECT_EQ(world.Get("SELECT count(*) FROM pintail_journal.repeats"), "1");
}

TEST_F(KeyedPutTest, CountsAsAppliedThoughItsAcknowledgementWasNotTaken) {
  World world(folder_);
  world.Do("CREATE TABLE t (i BIGINT)");
  world.on_commit = [](const Commit&) { return arrow::Status::IOError("gone"); };
  EXPECT_NE(world.Put("a", "[[1]]").find("gone"), std::string::npos);
  world.on_commit = {};
  EXPECT_EQ(world.Put("a", "[[1]]"), "repeated");
  EXPECT_EQ(world.Sum(), "1/1");
}

TEST_F(KeyedPutTest, AnotherPutUnderItsKeyIsRefused) {
  World world(folder_);
  EXPECT_EQ(world.Put("a", "[[1]]"), "applied");
  const std::string refused = world.Put("a", "[[1], [2]]");
  EXPECT_NE(refused.find("was used for a put of 1 rows, and this one has 2"),
            std::string::npos)
      << refused;
  EXPECT_EQ(world.Put("a", "[[1]]"), "repeated");
  EXPECT_EQ(world.Sum(), "1/1");
}

TEST_F(KeyedPutTest, IsRefusedWhereItIsNotOneCommitOfItsOwn) {
  World world(folder_);
  Order rule;
  rule.stream.policy.commit_rows = 1;
  EXPECT_NE(world.Put("a", "[[1]]", rule).find("commit_rows"), std::string::npos);
  Order keyed;
  keyed.key = "a";
  ASSERT_TRUE(world.connection().Begin().ok());
  const auto inside = world.Ingest(world.connection(), keyed, Reader({Some("[[1]]")}));
  EXPECT_EQ(base::KindOf(inside.status()), base::ErrorKind::kInvalidArgument);
  ASSERT_TRUE(world.connection().Rollback().ok());
  world.Do("ATTACH ':memory:' AS other");
  Order elsewhere;
  elsewhere.table = {.catalog = "other", .schema = "main", .table = "t"};
  EXPECT_NE(world.Put("a", "[[1]]", elsewhere).find("server's own database"),
            std::string::npos);
}

TEST_F(KeyedPutTest, IntoATemporaryTableIsKnownWhileThatIsThere) {
  World world(folder_);
  Order order;
  order.key = "a";
  order.temporary = true;
  for (const bool repeated : {false, true}) {
    const auto outcome =
        Value(world.Ingest(world.connection(), order, Reader({Some("[[1]]")})));
    EXPECT_EQ(outcome.repeated, repeated);
  }
  EXPECT_EQ(world.Get("SELECT count(*) FROM pintail_journal.repeats"), "0");
}

TEST_F(KeyedPutTest, CountsInTheTemporaryTableThatHidesAnother) {
  World world(folder_);
  world.Do("CREATE TABLE t (i BIGINT)");
  world.Do("CREATE TEMP TABLE t (i BIGINT)");
  Order order;
  order.session = 1;
  EXPECT_EQ(world.PutOn(world.connection(), "a", "[[1]]", order), "applied");
  EXPECT_EQ(world.PutOn(world.connection(), "a", "[[1]]", order), "repeated");
  EXPECT_EQ(world.Sum("temp.t"), "1/1");
  // Of another client, and of the same one by its whole name.
  EXPECT_EQ(world.Put("a", "[[2]]"), "applied");
  order.table = {
      .catalog = world.database().tails().database(), .schema = "main", .table = "t"};
  EXPECT_EQ(world.PutOn(world.connection(), "a", "[[2]]", order), "repeated");
  EXPECT_EQ(world.Sum(engine::QuoteName(order.table)), "1/2");
  // And of a session that has a table of that name too.
  const auto other = Value(world.database().Connect());
  ASSERT_TRUE(Execute(*other, "CREATE TEMP TABLE t (i BIGINT)").ok());
  EXPECT_EQ(world.PutOn(*other, "a", "[[3]]", {.session = 2}), "applied");
  EXPECT_EQ(Cell(*other, "SELECT sum(i) FROM temp.t"), "3");
  const Order named{.table = {.catalog = "TEMP", .schema = "main", .table = "t"},
                    .session = 2};
  EXPECT_EQ(world.PutOn(*other, "a", "[[3]]", named), "repeated");
}

TEST_F(KeyedPutTest, CountsInTheTableThatTheSearchPathLeadsTo) {
  World world(folder_);
  world.Do("CREATE SCHEMA p; CREATE SCHEMA q; CREATE TABLE q.t (i BIGINT)");
  world.Do("SET search_path = 'p,q'");
  EXPECT_EQ(world.PutOn(world.connection(), "a", "[[1]]"), "applied");
  Order whole;
  whole.table = {.schema = "Q", .table = "T"};
  EXPECT_EQ(world.Put("a", "[[1]]", whole), "repeated");
  EXPECT_EQ(world.Sum("q.t"), "1/1");
  // One that is not there is made in the first schema, and so is one that is replaced.
  Order made;
  made.table.table = "u";
  EXPECT_EQ(world.PutOn(world.connection(), "a", "[[2]]", made), "applied");
  made.table.schema = "p";
  EXPECT_EQ(world.Put("a", "[[2]]", made), "repeated");
  EXPECT_EQ(world.Sum("p.u"), "1/2");
  for (const char* outcome : {"applied", "repeated"}) {
    const Order replaces{.mode = Mode::kReplace};
    EXPECT_EQ(world.PutOn(world.connection(), "b", "[[3]]", replaces), outcome);
  }
  EXPECT_EQ(world.Sum("p.t"), "1/3");
  EXPECT_EQ(world.Sum("q.t"), "1/1");
}

TEST_F(KeyedPutTest, OfEqualOnesAtTheSameTimeOneIsApplied) {
  World world(folder_);
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> applied = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
          const std::string answer = world.Put(std::to_string(round), "[[1]]");
          EXPECT_TRUE(answer == "applied" || answer == "repeated") << answer;
          if (answer == "applied") ++applied;
        });
      }
    }
    EXPECT_EQ(applied, 1);
  }
  EXPECT_EQ(world.Sum(), "10/10");
}

TEST_F(KeyedPutTest, IsWaitedForAndAppliedByTheNextWhenItsProducerBreaksOff) {
  World world(folder_);
  Order order;
  order.key = "a";
  std::string second;
  std::jthread repeat;
  const auto broken = std::make_shared<ScriptedReader>(
      kSchema, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn > 0) return arrow::Status::IOError("broke off");
        repeat = std::jthread([&] { second = world.Put("a", "[[2]]"); });
        return Some("[[1]]");
      });
  EXPECT_FALSE(world.Ingest(*Value(world.database().Connect()), order, broken).ok());
  repeat.join();
  EXPECT_EQ(second, "applied");
  EXPECT_EQ(world.Sum(), "1/2");
}

}  // namespace
}  // namespace pintail::ingest
