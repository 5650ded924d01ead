#include "backend/pool.h"

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A source whose connections are only counted.
struct Ground {
  struct Connection final : PooledConnection {
    Connection(Ground& ground, int number) : ground(ground), number(number) {
      ++ground.open;
    }
    ~Connection() override { --ground.open; }
    arrow::Status Check() override {
      ++ground.checks;
      return ground.answers ? arrow::Status::OK()
                            : base::MakeError(ErrorKind::kUnavailable, "gone");
    }
    Ground& ground;
    const int number;
  };

  // A thread that opens may be the last to hold a pool.
  ~Ground() {
    for (const auto& made_pool : pools) {
      if (const auto pool = made_pool.lock()) pool->Close();
    }
  }
  std::shared_ptr<Pool> Make(PoolOptions options) {
    options.source = "shop";
    auto pool = Pool::Make(
        options,
        [this](std::stop_token) -> arrow::Result<std::unique_ptr<PooledConnection>> {
          if (gate) gate->wait();
          if (!answers) return base::MakeError(ErrorKind::kUnavailable, "refused");
          return std::make_unique<Connection>(*this, ++made);
        },
        clock, timers);
    pools.push_back(pool);
    return pool;
  }
  static int NumberOf(const Lease& lease) {
    return static_cast<Connection*>(lease.get())->number;
  }

  base::ManualClock clock;
  base::Timers timers{clock, /*start_thread=*/false};
  std::atomic<bool> answers = true;
  std::atomic<int> open = 0;
  std::atomic<int> made = 0;
  std::atomic<int> checks = 0;
  std::vector<std::weak_ptr<Pool>> pools;
  std::unique_ptr<std::latch> gate;  // opening waits for it
};

void WaitFor(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(Pool, UsesTheConnectionThatWasGivenBackLast) {
  Ground ground;
  const auto pool = ground.Make({});
  Lease first = *pool->Take({});
  Lease second = *pool->Take({});
  first.GiveBack();
  second.GiveBack();
  EXPECT_EQ(Ground::NumberOf(*pool->Take({})), 2);
  const PoolFigures figures = pool->figures();
  EXPECT_EQ(figures.open, 2);
  EXPECT_EQ(figures.leased, 0);
  EXPECT_EQ(figures.opened, 2);
}

TEST(Pool, RefusesWhenNoneComesFreeInTime) {
  Ground ground;
  const auto pool = ground.Make({.max = 1, .lease_timeout = seconds(30)});
  const Lease held = *pool->Take({});
  auto waits = std::async(std::launch::async, [&] { return pool->Take({}).status(); });
  WaitFor([&] { return pool->figures().waiting == 1; });
  ground.clock.Advance(seconds(31));
  WaitFor([&] {
    ground.timers.RunDue();
    return pool->figures().waiting == 0;
  });
  const arrow::Status refused = waits.get();
  EXPECT_EQ(base::KindOf(refused), ErrorKind::kResourceExhausted);
  EXPECT_NE(refused.message().find("source 'shop': all 1 connections"), std::string::npos)
      << refused.message();
}

TEST(Pool, ServesThoseWhoWaitInTheOrderInWhichTheyCame) {
  Ground ground;
  const auto pool = ground.Make({.max = 1});
  Lease held = *pool->Take({});
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      const Lease lease = *pool->Take({});
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    WaitFor([&] { return pool->figures().waiting == i + 1; });
  }
  held.GiveBack();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(ground.made, 1);
}

TEST(Pool, StopsWaitingWhenTheCallIsCancelled) {
  Ground ground;
  const auto pool = ground.Make({.max = 1});
  const Lease held = *pool->Take({});
  std::stop_source stop;
  auto waits = std::async(std::launch::async,
                          [&] { return pool->Take(stop.get_token()).status(); });
  WaitFor([&] { return pool->figures().waiting == 1; });
  stop.request_stop();
  EXPECT_EQ(base::KindOf(waits.get()), ErrorKind::kCancelled);
  EXPECT_EQ(pool->figures().waiting, 0);
}

TEST(Pool, ThrowsAwayWhatIsInDoubtAndLetsTheNextOneIn) {
  Ground ground;
  const auto pool = ground.Make({.max = 1});
  Lease lease = *pool->Take({});
  lease.Discard();
  lease.GiveBack();
  EXPECT_EQ(ground.open, 0);
  EXPECT_EQ(Ground::NumberOf(*pool->Take({})), 2);
}

TEST(Pool, AsksAConnectionThatHasIdledBeforeItIsUsed) {
  Ground ground;
  const auto pool = ground.Make({.check_after = seconds(5)});
  pool->Take({})->GiveBack();
  ground.clock.Advance(seconds(5));
  EXPECT_EQ(Ground::NumberOf(*pool->Take({})), 1);
  EXPECT_EQ(ground.checks, 0);
  ground.clock.Advance(seconds(6));
  EXPECT_EQ(Ground::NumberOf(*pool->Take({})), 1);
  EXPECT_EQ(ground.checks, 1);
  ground.clock.Advance(seconds(6));
  ground.answers = false;
  EXPECT_EQ(base::KindOf(pool->Take({}).status()), ErrorKind::kUnavailable);
  EXPECT_EQ(ground.open, 0);
  ground.answers = true;
  EXPECT_EQ(Ground::NumberOf(*pool->Take({})), 2);
}

TEST(Pool, ClosesWhatHasIdledOrLivedTooLong) {
  Ground ground;
  const auto pool = ground.Make({.min = 1,
                                 .idle_timeout = seconds(60),
                                 .max_lifetime = seconds(600),
                                 .check_after = seconds(3'600)});
  {
    const Lease first = *pool->Take({});
    const Lease second = *pool->Take({});
  }
  EXPECT_EQ(ground.open, 2);
  ground.clock.Advance(seconds(61));
  pool->Sweep();
  EXPECT_EQ(ground.open, 1);  // the least that is kept
  ground.clock.Advance(seconds(600));
  pool->Sweep();
  WaitFor([&] { return pool->figures().opened == 3 && pool->figures().open == 1; });
  Lease lease = *pool->Take({});
  EXPECT_EQ(Ground::NumberOf(lease), 3);
  ground.clock.Advance(seconds(601));
  lease.GiveBack();
  EXPECT_EQ(pool->figures().open, 0);
}

TEST(Pool, KeepsTheLeastNumberOpen) {
  Ground ground;
  const auto pool = ground.Make({.min = 3});
  pool->Sweep();
  WaitFor([&] { return pool->figures().open == 3; });
  pool->Sweep();
  EXPECT_EQ(pool->figures().opened, 3);
}

TEST(Pool, KeepsAConnectionThatComesTooLateForTheNext) {
  Ground ground;
  ground.gate = std::make_unique<std::latch>(1);
  const auto pool = ground.Make({.max = 1, .connect_timeout = seconds(10)});
  auto waits = std::async(std::launch::async, [&] { return pool->Take({}).status(); });
  while (waits.wait_for(milliseconds(0)) != std::future_status::ready) {
    ground.clock.Advance(seconds(1));
    ground.timers.RunDue();
    std::this_thread::yield();
  }
  const arrow::Status late = waits.get();
  EXPECT_EQ(base::KindOf(late), ErrorKind::kUnavailable);
  EXPECT_NE(late.message().find("within 10000 ms"), std::string::npos);
  // It still counts as one of `max`.
  auto next = std::async(std::launch::async, [&] { return *pool->Take({}); });
  WaitFor([&] { return pool->figures().waiting == 1; });
  ground.gate->count_down();
  EXPECT_EQ(Ground::NumberOf(next.get()), 1);
  EXPECT_EQ(pool->figures().opened, 1);
}

TEST(Pool, CountsFailuresAndCanBeUsedAfterThem) {
  Ground ground;
  ground.answers = false;
  const auto pool = ground.Make({.max = 1});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(pool->Take({}).ok());
  EXPECT_EQ(pool->figures().failed, 3);
  ground.answers = true;
  EXPECT_TRUE(pool->Take({}).ok());
}

TEST(Pool, RefusesAfterItIsClosedAndLetsLeasesFinish) {
  Ground ground;
  const auto pool = ground.Make({.max = 1});
  Lease held = *pool->Take({});
  auto waits = std::async(std::launch::async, [&] { return pool->Take({}).status(); });
  WaitFor([&] { return pool->figures().waiting == 1; });
  pool->Close();
  EXPECT_EQ(base::KindOf(waits.get()), ErrorKind::kUnavailable);
  EXPECT_EQ(ground.open, 1);
  held.GiveBack();
  EXPECT_EQ(ground.open, 0);
  EXPECT_EQ(base::KindOf(pool->Take({}).status()), ErrorKind::kUnavailable);
}

TEST(Pool, NeverOpensMoreThanItMay) {
  Ground ground;
  const auto pool = ground.Make({.max = 3});
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        Lease lease = *pool->Take({});
        const int now = ground.open;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        if ((i + t) % 5 == 0) lease.Discard();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(pool->figures().leased, 0);
}

}  // namespace
}  // namespace pintail::backend
