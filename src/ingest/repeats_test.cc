#include "ingest/repeats.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "engine/testing/sql.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using engine::testing::Value;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

// Stands still until it is moved; the calendar may jump by itself.
class JumpingClock final : public base::Clock {
 public:
  Steady Now() const override { return Steady{} + passed_.load(); }
  Wall WallNow() const override {
    return Wall{} +
           std::chrono::duration_cast<Wall::duration>(passed_.load() + jumped_.load());
  }
  void Advance(std::chrono::nanoseconds by) { passed_ = passed_.load() + by; }
  void Jump(std::chrono::nanoseconds by) { jumped_ = jumped_.load() + by; }

 private:
  std::atomic<std::chrono::nanoseconds> passed_{24h};
  std::atomic<std::chrono::nanoseconds> jumped_{0h};
};

class RepeatsTest : public ::testing::Test {
 protected:
  // Stands for a server that is started, again and again, on one database.
  std::unique_ptr<Repeats> Open(Repeats::Options options = {}) {
    return Value(Repeats::Open({.tails = database_->tails(),
                                .clock = clock_,
                                .timers = timers_,
                                .metrics = metrics_},
                               options));
  }

  arrow::Result<Repeats::Entry> Enter(Repeats& repeats, const std::string& key,
                                      const std::string& table = "t") {
    return repeats.Enter(call_, {.table = table, .key = key}, clock_.Now() + 10s);
  }
  // Rows of the put that was applied before; 0 when it was applied now, with one row.
  int64_t Put(Repeats& repeats, const std::string& key, const std::string& table = "t") {
    Repeats::Entry entry = Value(Enter(repeats, key, table));
    if (entry.applied_rows) return *entry.applied_rows;
    entry.claim.Apply(1);
    const auto connection = Value(database_->Connect());
    EXPECT_TRUE(connection->Begin().ok());
    EXPECT_TRUE(entry.claim.WriteDown(*connection).ok());
    EXPECT_TRUE(connection->Commit().ok());
    entry.claim.Confirm();
    return 0;
  }
  std::string InDatabase() {
    return engine::testing::Cell(
        *Value(database_->Connect()),
        R"(SELECT coalesce(string_agg("key", ',' ORDER BY "key"), '')
           FROM pintail_journal.repeats)");
  }

  JumpingClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  base::Metrics metrics_{"pintail"};
  std::unique_ptr<engine::Database> database_ = Value(engine::Database::Open({}));
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
};

TEST_F(RepeatsTest, KnowAKeyWithinItsTable) {
  const auto repeats = Open();
  EXPECT_EQ(Put(*repeats, "a"), 0);
  EXPECT_EQ(Put(*repeats, "a"), 1);
  EXPECT_EQ(Put(*repeats, "a", "u"), 0);
  EXPECT_EQ(Put(*repeats, "b"), 0);
  EXPECT_NE(metrics_.Render().find("pintail_repeats_total 1\n"), std::string::npos);
  EXPECT_NE(metrics_.Render().find("pintail_repeat_keys 3\n"), std::string::npos);
}

TEST_F(RepeatsTest, FreeTheKeyOfAPutThatFailed) {
  const auto repeats = Open();
  {
    Repeats::Entry entry = Value(Enter(*repeats, "a"));
    EXPECT_FALSE(entry.applied_rows);
    entry.claim.Apply(1);
  }
  EXPECT_EQ(Put(*repeats, "a"), 0);
}

TEST_F(RepeatsTest, LetOneOfManyEqualPutsBeApplied) {
  const auto repeats = Open();
  constexpr int kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    const std::string key = std::to_string(round);
    std::atomic<int> applied = 0;
    std::atomic<int> fails = round % 3;  // so many of them do at first
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
          while (true) {
            Repeats::Entry entry = Value(Enter(*repeats, key));
            if (entry.applied_rows) return;
            if (fails-- > 0) continue;
            ++applied;
            entry.claim.Apply(7);
            entry.claim.Confirm();
            return;
          }
        });
      }
    }
    EXPECT_EQ(applied, 1);
    EXPECT_EQ(Value(Enter(*repeats, key)).applied_rows, 7);
  }
}

TEST_F(RepeatsTest, RefuseWhoHasWaitedForAnEqualPutForTooLong) {
  const auto repeats = Open();
  const Repeats::Entry first = Value(Enter(*repeats, "a"));
  const auto late = repeats->Enter(call_, {.table = "t", .key = "a"}, clock_.Now());
  EXPECT_EQ(base::KindOf(late.status()), base::ErrorKind::kConflict);
  call_.Cancel(base::ErrorKind::kCancelled, "gone");
  EXPECT_EQ(base::KindOf(Enter(*repeats, "a").status()), base::ErrorKind::kCancelled);
}

TEST_F(RepeatsTest, ForgetAKeyWhenTheWindowHasPassed) {
  const auto repeats = Open({.window = 1h});
  EXPECT_EQ(Put(*repeats, "a"), 0);
  clock_.Advance(59 * 60s);
  EXPECT_EQ(Put(*repeats, "b"), 0);
  EXPECT_EQ(Put(*repeats, "a"), 1);
  clock_.Advance(60s);
  EXPECT_EQ(Put(*repeats, "a"), 0);
  EXPECT_EQ(Put(*repeats, "b"), 1);
}

TEST_F(RepeatsTest, ForgetTheOldestWhenThereAreTooMany) {
  const auto repeats = Open({.max_keys = 3});
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(Put(*repeats, key), 0);
  EXPECT_EQ(Put(*repeats, "b"), 1);
  EXPECT_EQ(Put(*repeats, "c"), 1);
  EXPECT_EQ(Put(*repeats, "a"), 0);
  EXPECT_EQ(Put(*repeats, "b"), 0);
}

TEST_F(RepeatsTest, AreReadFromTheDatabaseAtTheStart) {
  EXPECT_EQ(Put(*Open({.in_database = true}), "a"), 0);
  clock_.Advance(1h);
  EXPECT_EQ(Put(*Open({.in_database = true}), "b"), 0);
  EXPECT_EQ(Put(*Open({.in_database = true}), "a"), 1);
  EXPECT_EQ(Put(*Open({.max_keys = 1, .in_database = true}), "b"), 1);
  EXPECT_EQ(Put(*Open({.max_keys = 1, .in_database = true}), "a"), 0);
  EXPECT_EQ(Put(*Open({.window = 1h, .in_database = true}), "b"), 1);
}

TEST_F(RepeatsTest, LeaveTheDatabaseWhenTheyAreForgotten) {
  const auto repeats = Open({.window = 1h, .max_keys = 2, .in_database = true});
  for (const char* key : {"a", "b", "c"}) {
    Put(*repeats, key);
    clock_.Advance(1s);
  }
  EXPECT_EQ(InDatabase(), "a,b,c");
  repeats->Tidy();
  EXPECT_EQ(InDatabase(), "b,c");
  clock_.Advance(1h - 2s);  // b is old now
  repeats->Tidy();
  EXPECT_EQ(InDatabase(), "c");
  Put(*repeats, "d");
  Put(*repeats, "e");  // c is one too many
  repeats->Tidy();     // was done just now
  EXPECT_EQ(InDatabase(), "c,d,e");
  clock_.Advance(60s);
  repeats->Tidy();
  EXPECT_EQ(InDatabase(), "d,e");
}

TEST_F(RepeatsTest, StayInTheDatabaseWhileTheyAreUnderWay) {
  const auto repeats = Open({.window = 1h, .in_database = true});
  Repeats::Entry slow = Value(Enter(*repeats, "slow"));
  slow.claim.Apply(1);
  const auto connection = Value(database_->Connect());
  ASSERT_TRUE(connection->Begin().ok());
  ASSERT_TRUE(slow.claim.WriteDown(*connection).ok());
  ASSERT_TRUE(connection->Commit().ok());
  clock_.Advance(1s);
  Put(*repeats, "fast");
  repeats->Tidy();
  EXPECT_EQ(InDatabase(), "fast,slow");
}

TEST_F(RepeatsTest, AreKnownAndKeptThoughTheCalendarJumps) {
  for (const auto jump : {100h, -100h}) {
    const auto repeats = Open({.window = 1h, .max_keys = 3, .in_database = true});
    const std::string name = std::to_string(jump.count());
    Put(*repeats, name + " before");
    clock_.Jump(jump);
    Put(*repeats, name + " after");
    repeats->Tidy();
    EXPECT_EQ(Put(*repeats, name + " before"), 1);
    EXPECT_EQ(Put(*repeats, name + " after"), 1);
    EXPECT_NE(InDatabase().find(name + " before"), std::string::npos) << InDatabase();
    EXPECT_NE(InDatabase().find(name + " after"), std::string::npos) << InDatabase();
    clock_.Jump(-jump);
  }
}

TEST(KeysInJournal, AreReadAsTheyAreWritten) {
  for (const std::string table : {"t", "\"a:b\".\"c\"", "", "7:t"}) {
    for (const std::string key : {"k", "7:k", ":", "ä"}) {
      const engine::AppliedPut put{.table = table, .key = key};
      EXPECT_EQ(Value(ParseKeyInJournal(KeyInJournal(put))), put) << KeyInJournal(put);
    }
  }
  for (const char* wrong : {"", "k", ":k", "1:t", "5:tk", "-1:tk", "x1:tk", "1"}) {
    EXPECT_FALSE(ParseKeyInJournal(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace pintail::ingest
