#include "base/timers.h"

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace pintail::base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Timers, RunACallbackOnceWhenItsTimeHasCome) {
  ManualClock clock;
  Timers timers(clock);
  int calls = 0;
  const auto handle = timers.At(clock.Now() + seconds(10), [&] { ++calls; });
  clock.Advance(seconds(9));
  timers.RunDue();
  EXPECT_EQ(calls, 0);
  clock.Advance(seconds(1));
  timers.RunDue();
  EXPECT_EQ(calls, 1);
  clock.Advance(hours(1));
  timers.RunDue();
  EXPECT_EQ(calls, 1);
}

TEST(Timers, RunEarlierCallbacksFirst) {
  ManualClock clock;
  Timers timers(clock);
  std::string order;
  const auto b = timers.At(clock.Now() + seconds(2), [&] { order += "b"; });
  const auto a = timers.At(clock.Now() + seconds(1), [&] { order += "a"; });
  const auto c = timers.At(clock.Now() + seconds(2), [&] { order += "c"; });
  clock.Advance(seconds(5));
  timers.RunDue();
  EXPECT_EQ(order, "abc");
}

TEST(Timers, RepeatAtTheirInterval) {
  ManualClock clock;
  Timers timers(clock);
  int calls = 0;
  const auto handle = timers.Every(seconds(10), [&] { ++calls; });
  timers.RunDue();
  EXPECT_EQ(calls, 0);
  for (int i = 0; i < 3; ++i) {
    clock.Advance(seconds(10));
    timers.RunDue();
  }
  EXPECT_EQ(calls, 3);
}

TEST(Timers, ALateRepetitionRunsOnceAndKeepsItsRhythm) {
  ManualClock clock;
  Timers timers(clock);
  int calls = 0;
  const auto handle = timers.Every(seconds(10), [&] { ++calls; });
  clock.Advance(seconds(45));
  timers.RunDue();
  EXPECT_EQ(calls, 1);
  clock.Advance(seconds(4));
  timers.RunDue();
  EXPECT_EQ(calls, 1);
  clock.Advance(seconds(1));
  timers.RunDue();
  EXPECT_EQ(calls, 2);
}

TEST(Timers, DestroyingTheHandleCancels) {
  ManualClock clock;
  Timers timers(clock);
  int calls = 0;
  auto handle = timers.Every(seconds(1), [&] { ++calls; });
  handle.reset();
  clock.Advance(seconds(5));
  timers.RunDue();
  EXPECT_EQ(calls, 0);
}

TEST(Timers, ACallbackMayCancelItselfAndStartOthers) {
  ManualClock clock;
  Timers timers(clock);
  int calls = 0;
  std::unique_ptr<Timers::Handle> handle, next;
  handle = timers.Every(seconds(1), [&] {
    ++calls;
    next = timers.At(clock.Now(), [&] { calls += 10; });
    handle.reset();
  });
  clock.Advance(seconds(1));
  timers.RunDue();
  clock.Advance(seconds(5));
  timers.RunDue();
  EXPECT_EQ(calls, 11);
}

TEST(Timers, HandlesMayOutliveTheTimers) {
  ManualClock clock;
  auto timers = std::make_unique<Timers>(clock);
  const auto handle = timers->At(clock.Now(), [] {});
  timers.reset();
}

TEST(Timers, TheThreadRunsWhatIsDueByTheSystemClock) {
  SystemClock clock;
  Timers timers(clock);
  std::latch called(1);
  std::thread::id runner;
  const auto handle = timers.At(clock.Now(), [&] {
    runner = std::this_thread::get_id();
    called.count_down();
  });
  called.wait();
  EXPECT_NE(runner, std::this_thread::get_id());
}

TEST(Timers, DestroyingAHandleWaitsForItsRunningCallback) {
  SystemClock clock;
  Timers timers(clock);
  std::latch started(1), release(1);
  std::atomic<bool> finished = false;
  auto handle = timers.At(clock.Now(), [&] {
    started.count_down();
    release.wait();
    finished = true;
  });
  started.wait();
  std::thread releaser([&] { release.count_down(); });
  handle.reset();
  EXPECT_TRUE(finished);
  releaser.join();
}

TEST(Timers, WithoutAThreadOnlyRunDueRunsCallbacks) {
  SystemClock clock;
  Timers timers(clock, /*start_thread=*/false);
  std::thread::id runner;
  const auto handle =
      timers.At(clock.Now(), [&] { runner = std::this_thread::get_id(); });
  timers.RunDue();
  EXPECT_EQ(runner, std::this_thread::get_id());
}

}  // namespace
}  // namespace pintail::base
