// Rows that leave for their source: a whole intake, whose source is another database of
// DuckDB's. The clock stands still unless a test moves it.
#include "ingest/tier.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "engine/tails.h"
#include "engine/testing/sql.h"
#include "engine/testing/tail.h"
#include "ingest/intake.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using engine::testing::Batch;
using engine::testing::Cell;
using engine::testing::Execute;
using engine::testing::TemporaryFolder;
using engine::testing::Value;
using std::chrono::seconds;

const auto kSchema =
    arrow::schema({arrow::field("id", arrow::int64()),
                   arrow::field("ts", arrow::timestamp(arrow::TimeUnit::MICRO))});
constexpr seconds kKept{60};
// Of the clock, which runs ahead of the threads.
constexpr seconds kPutsWait{7'200};
// How long a test looks at a thread's result before it lets the clock run on.
constexpr std::chrono::milliseconds kMoment{1};
// Ages of a row that is late, and of one that stays, however long a test lets time pass.
constexpr seconds kLate{70'000};
constexpr seconds kLong{-40'000};

WriteThrough SentOn() {
  return {.table = {.schema = "main", .table = "t"},
          .target = {.catalog = "src", .schema = "main", .table = "t"},
          .retention = Retention{.age = kKept, .column = "ts"}};
}

// A server's database and journal, which may be opened again and again.
class World {
 public:
  World(const TemporaryFolder& folder, std::vector<WriteThrough> sent_on)
      : source_(folder.File("source.duckdb")),
        database_(Value(engine::Database::Open(
            {.path = folder.File("hot.duckdb"), .clock = &clock_}))),
        connection_(Value(database_->Connect())) {
    Intake::Options options{.arrivals = {.lock_timeout = kPutsWait}};
    options.journal = {{.folder = folder.File("hot.journal")}};
    options.outbox.tables = std::move(sent_on);
    intake_ = Value(Intake::Open({.database = *database_,
                                  .timers = timers_,
                                  .clock = clock_,
                                  .log = logs_->For("ingest"),
                                  .metrics = metrics_},
                                 options));
    streams_ = std::make_unique<catalog::Streams>(
        clock_, catalog::StreamPolicy{}, std::vector<catalog::StreamDeclaration>{});
    path_ = std::make_unique<WritePath>(*streams_, &intake_->arrivals(), clock_, timers_,
                                        WritePath::Options{.lock_timeout = kPutsWait});
  }

  // A file, so that it is there again.
  void Attach() { Do("ATTACH '" + source_ + "' AS src"); }
  void Do(const std::string& sql) {
    const auto status = Execute(*connection_, sql);
    ASSERT_TRUE(status.ok()) << sql << status;
  }
  // A row for each id, so old.
  arrow::Status Put(const std::vector<int>& ids, seconds age = seconds(0)) {
    const auto now = std::chrono::floor<std::chrono::microseconds>(
        clock_.WallNow().time_since_epoch() - age);
    std::string rows;
    for (const int id : ids) {
      rows += (rows.empty() ? "[" : ", [") + std::to_string(id) + ", " +
              std::to_string(now.count()) + "]";
    }
    const auto connection = Value(database_->Connect());
    Order order;
    order.table.table = "t";
    const base::CallContext call{{.request_id = "r", .protocol = "internal"}};
    return path_
        ->Ingest(call, *connection, order,
                 testing::Reader({Batch(kSchema, "[" + rows + "]")}), nullptr)
        .status();
  }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  std::string All() { return Get("SELECT concat(count(*), ' ', sum(id)) FROM t"); }
  // What is in the server's own database.
  std::string Here() {
    const auto server = Value(database_->Connect());
    const auto acting = database_->tails().ActAsServer(*server);
    return Cell(*server, "SELECT coalesce(string_agg(id, ',' ORDER BY id), '') FROM t");
  }
  std::string Tier(const std::string& column) {
    return Get("SELECT " + column + " FROM pintail.tiers");
  }
  void Advance(std::chrono::milliseconds by) {
    clock_.Advance(by);
    timers_.RunDue();
  }
  // Lets time pass until it is so.
  template <typename Predicate>
  bool Comes(const Predicate& is_so,
             std::chrono::milliseconds step = std::chrono::milliseconds(100)) {
    for (int turn = 0; turn < 20'000; ++turn) {
      if (is_so()) return true;
      Advance(step);
      std::this_thread::yield();
    }
    return false;
  }
  bool Leaves(const std::string& here) {
    return Comes([&] { return Here() == here; });
  }

 private:
  const std::string source_;
  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  std::unique_ptr<base::Logs> logs_ = base::SilentLogs();
  base::Metrics metrics_{"pintail"};
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Connection> connection_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<catalog::Streams> streams_;
  std::unique_ptr<WritePath> path_;
};

class TierTest : public ::testing::Test {
 protected:
  World& Open(std::vector<WriteThrough> sent_on = {SentOn()}) {
    world_.reset();
    world_ = std::make_unique<World>(folder_, std::move(sent_on));
    return *world_;
  }
  // The words of the failure.
  std::string Refusal(std::vector<WriteThrough> sent_on) {
    try {
      Open(std::move(sent_on));
    } catch (const std::exception& exception) {
      return exception.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  std::unique_ptr<World> world_;
};

TEST_F(TierTest, RowsLeaveWhenTheyAreOldAndTheSourceHasThem) {
  World& world = Open();
  world.Attach();
  ASSERT_TRUE(world.Put({1, 2}, seconds(50)).ok());
  ASSERT_TRUE(world.Put({3}, kLong).ok());
  EXPECT_EQ(world.Tier("boundary"), "null");
  ASSERT_TRUE(world.Leaves("3"));
  EXPECT_EQ(world.All(), "3 6");
  EXPECT_TRUE(world.Comes(
      [&] { return world.Tier("concat(rows_here, ' ', moved_rows)") == "1 2"; }));
  EXPECT_NE(world.Tier("boundary"), "null");
  EXPECT_EQ(world.Get("SELECT count(*) FROM src.main.t"), "3");
}

TEST_F(TierTest, NothingLeavesBeforeTheSourceHasIt) {
  World& world = Open();
  ASSERT_TRUE(world.Put({1, 2}, seconds(120)).ok());
  ASSERT_TRUE(world.Comes([&] { return world.Tier("moving_to") != "null"; }));
  for (int i = 0; i < 100; ++i) world.Advance(seconds(1));
  EXPECT_EQ(world.Tier("boundary"), "null");
  EXPECT_EQ(world.Here(), "1,2");
  EXPECT_EQ(world.All(), "2 3");
  world.Attach();
  ASSERT_TRUE(world.Leaves(""));
  EXPECT_EQ(world.All(), "2 3");
}

TEST_F(TierTest, ALateRowIsAcknowledgedOnceTheSourceHasIt) {
  World& world = Open();
  world.Attach();
  ASSERT_TRUE(world.Put({1}, seconds(120)).ok());
  ASSERT_TRUE(world.Leaves(""));
  world.Do("DETACH src");
  // Rows that are not late are not held up.
  ASSERT_TRUE(world.Put({2}).ok());
  auto late = std::async(std::launch::async, [&] { return world.Put({4}, kLate); });
  ASSERT_TRUE(world.Comes(
      [&] { return late.wait_for(kMoment) == std::future_status::ready; }, seconds(60)));
  const arrow::Status refused = late.get();
  EXPECT_EQ(base::KindOf(refused), ErrorKind::kUnavailable) << refused.ToString();
  EXPECT_NE(refused.message().find("do not send them again"), std::string::npos);
  world.Attach();
  ASSERT_TRUE(world.Comes([&] { return world.All() == "3 7"; }));
  // And with the source there.
  auto soon = std::async(std::launch::async, [&] { return world.Put({8}, kLate); });
  ASSERT_TRUE(
      world.Comes([&] { return soon.wait_for(kMoment) == std::future_status::ready; }));
  EXPECT_TRUE(soon.get().ok());
  EXPECT_EQ(world.All(), "4 15");
}

TEST_F(TierTest, TheOldestLeaveWhenThereAreTooMany) {
  WriteThrough sent = SentOn();
  sent.retention = {.rows = 10, .column = "TS"};
  World& world = Open({sent});
  world.Attach();
  for (int id = 1; id <= 10; ++id) {
    ASSERT_TRUE(world.Put({id}, seconds(100 - id)).ok());
  }
  for (int i = 0; i < 20; ++i) world.Advance(seconds(1));
  EXPECT_EQ(world.Tier("boundary"), "null");
  ASSERT_TRUE(world.Put({11}, seconds(0)).ok());
  ASSERT_TRUE(world.Leaves("3,4,5,6,7,8,9,10,11"));
  EXPECT_EQ(world.All(), "11 66");
}

TEST_F(TierTest, RowsAreBoundedByTheirBytesToo) {
  WriteThrough sent = SentOn();
  // 16 bytes a row.
  sent.retention = {.bytes = 160, .column = "ts"};
  World& world = Open({sent});
  world.Attach();
  for (int id = 1; id <= 20; ++id) {
    ASSERT_TRUE(world.Put({id}, seconds(100 - id)).ok());
  }
  ASSERT_TRUE(world.Comes([&] { return world.Tier("boundary") != "null"; }));
  EXPECT_LE(std::stoi(world.Tier("rows_here")), 10);
  EXPECT_EQ(world.All(), "20 210");
}

TEST_F(TierTest, TheBoundaryOutlivesTheServer) {
  World* world = &Open();
  world->Attach();
  ASSERT_TRUE(world->Put({1, 2}, seconds(120)).ok());
  ASSERT_TRUE(world->Put({3}, kLong).ok());
  ASSERT_TRUE(world->Leaves("3"));
  world = &Open();
  EXPECT_EQ(world->Here(), "3");
  world->Attach();
  EXPECT_EQ(world->All(), "3 6");
  // Without retain nothing leaves any more, and late rows still wait.
  WriteThrough sent = SentOn();
  sent.retention.reset();
  world = &Open({sent});
  world->Attach();
  for (int i = 0; i < 200; ++i) world->Advance(seconds(1));
  EXPECT_EQ(world->Here(), "3");
  auto late = std::async(std::launch::async, [&] { return world->Put({4}, kLate); });
  ASSERT_TRUE(
      world->Comes([&] { return late.wait_for(kMoment) == std::future_status::ready; }));
  EXPECT_TRUE(late.get().ok());
  EXPECT_EQ(world->All(), "4 10");
  EXPECT_NE(Refusal({}).find("set write_through back"), std::string::npos);
  sent = SentOn();
  sent.target.table = "other";
  EXPECT_NE(Refusal({sent}).find("set write_through and retain_column back"),
            std::string::npos);
}

TEST_F(TierTest, ATableThatHasRowsCannotBecomeTiered) {
  WriteThrough sent = SentOn();
  sent.retention.reset();
  ASSERT_TRUE(Open({sent}).Put({1}).ok());
  EXPECT_NE(Refusal({SentOn()}).find("has rows already"), std::string::npos);
}

}  // namespace
}  // namespace pintail::ingest
