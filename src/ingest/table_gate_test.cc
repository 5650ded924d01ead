#include "ingest/table_gate.h"

#include <atomic>
#include <thread>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

using ::testing::HasSubstr;
using std::chrono_literals::operator""s;
using Use = TableGates::Use;

base::CallContext::Options Options() {
  return {.request_id = "r",
          .identity = "",
          .peer = "",
          .protocol = "internal",
          .method = "",
          .deadline = std::nullopt};
}

class TableGatesTest : public ::testing::Test {
 protected:
  // Waits `patience` at most.
  arrow::Result<TableGates::Pass> Enter(const base::CallContext& call,
                                        const std::string& table, Use use,
                                        std::chrono::seconds patience = 10s) {
    return gates_.Enter(call,
                        {.table = table, .use = use, .until = clock_.Now() + patience});
  }
  // Until so many wait for the table.
  void AwaitWaiting(const std::string& table, int64_t count) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (gates_.Waiting(table) != count && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    ASSERT_EQ(gates_.Waiting(table), count);
  }
  void Pass(std::chrono::seconds time) {
    clock_.Advance(time);
    timers_.RunDue();
  }

  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  TableGates gates_{clock_, timers_};
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
};

TEST_F(TableGatesTest, LetAppendersInSideBySide) {
  const auto one = Enter(call_, "t", Use::kAppend);
  const auto two = Enter(call_, "t", Use::kAppend);
  EXPECT_TRUE(one.ok() && two.ok());
}

TEST_F(TableGatesTest, KeepTablesApart) {
  const auto one = Enter(call_, "t", Use::kChange);
  const auto two = Enter(call_, "u", Use::kChange);
  EXPECT_TRUE(one.ok() && two.ok());
}

TEST_F(TableGatesTest, HoldAChangeUntilTheAppendersHaveLeft) {
  auto appending = Enter(call_, "t", Use::kAppend).ValueOrDie();
  std::atomic<bool> left = false;
  std::jthread changing([&] {
    const auto pass = Enter(call_, "t", Use::kChange);
    EXPECT_TRUE(pass.ok());
    EXPECT_TRUE(left);
  });
  AwaitWaiting("t", 1);
  left = true;
  appending.Return();
}

TEST_F(TableGatesTest, GiveUpWaitingWhenTheCallIsCancelled) {
  const auto pass = Enter(call_, "t", Use::kChange);
  base::CallContext call(Options());
  std::jthread cancelling(
      [&] { call.Cancel(base::ErrorKind::kCancelled, "no patience"); });
  const auto refused = Enter(call, "t", Use::kAppend);
  EXPECT_EQ(base::KindOf(refused.status()), base::ErrorKind::kCancelled);
}

TEST_F(TableGatesTest, LetWaitersInWhenAWaitingChangeGivesUp) {
  const auto appending = Enter(call_, "t", Use::kAppend);
  base::CallContext impatient(Options());
  std::jthread changing([&] { EXPECT_FALSE(Enter(impatient, "t", Use::kChange).ok()); });
  AwaitWaiting("t", 1);
  std::jthread second([&] { EXPECT_TRUE(Enter(call_, "t", Use::kAppend).ok()); });
  AwaitWaiting("t", 2);
  impatient.Cancel(base::ErrorKind::kCancelled, "no patience");
}

TEST_F(TableGatesTest, RefuseWhoeverHasWaitedLongEnoughAndSayForHowLongItIsTaken) {
  for (const Use held : {Use::kAppend, Use::kChange}) {
    auto holder = Enter(call_, "t", held).ValueOrDie();
    Pass(5s);
    std::jthread waiting([&] {
      const auto refused = Enter(call_, "t", Use::kChange, 10s);
      EXPECT_EQ(base::KindOf(refused.status()), base::ErrorKind::kConflict);
      EXPECT_THAT(refused.status().message(),
                  HasSubstr("another upload has had it open for 15000 ms"));
    });
    AwaitWaiting("t", 1);
    Pass(10s);
    waiting.join();
    holder.Return();
    EXPECT_TRUE(Enter(call_, "t", Use::kChange).ok());
  }
}

// One slow appender and changes that come again and again do not keep others from
// appending.
TEST_F(TableGatesTest, HoldAnAppenderOnlyBehindTheChangesThatCameBeforeIt) {
  const auto slow = Enter(call_, "t", Use::kAppend);
  std::jthread first([&] { EXPECT_FALSE(Enter(call_, "t", Use::kChange, 10s).ok()); });
  AwaitWaiting("t", 1);
  std::atomic<bool> entered = false;
  std::jthread appending([&] {
    EXPECT_TRUE(Enter(call_, "t", Use::kAppend, 30s).ok());
    entered = true;
  });
  AwaitWaiting("t", 2);
  std::jthread second([&] { EXPECT_FALSE(Enter(call_, "t", Use::kChange, 30s).ok()); });
  AwaitWaiting("t", 3);
  Pass(10s);
  AwaitWaiting("t", 1);  // the second change
  Pass(30s);
  appending.join();
  EXPECT_TRUE(entered);
}

TEST_F(TableGatesTest, LetChangesInInTheOrderOfTheirComing) {
  auto holder = Enter(call_, "t", Use::kChange).ValueOrDie();
  std::vector<int> order;
  std::vector<std::jthread> changes;
  for (int i = 0; i < 4; ++i) {
    changes.emplace_back([&, i] {
      const auto pass = Enter(call_, "t", Use::kChange);
      ASSERT_TRUE(pass.ok());
      order.push_back(i);  // its pass keeps the others out
    });
    AwaitWaiting("t", i + 1);
  }
  holder.Return();
  changes.clear();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace pintail::ingest
