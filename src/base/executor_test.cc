#include "base/executor.h"

#include <atomic>
#include <latch>
#include <memory>
#include <string>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::base {
namespace {

TEST(Executor, RunsWhatItIsGiven) {
  std::atomic<int> done = 0;
  {
    Executor executor({.name = "work", .threads = 2, .max_queue = 100});
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(executor.Submit([&] { ++done; }).ok());
    }
  }
  EXPECT_EQ(done, 100);
}

TEST(Executor, UsesAllItsThreadsAtOnce) {
  Executor executor({.name = "work", .threads = 3, .max_queue = 0});
  // Each task waits for the other two: only three threads at once get past this.
  std::latch together(3);
  std::latch finished(3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(executor
                    .Submit([&] {
                      together.arrive_and_wait();
                      finished.count_down();
                    })
                    .ok());
  }
  finished.wait();
}

TEST(Executor, RefusesWorkThatDoesNotFit) {
  Executor executor({.name = "background work", .threads = 1, .max_queue = 2});
  std::latch started(1), release(1);
  ASSERT_TRUE(executor
                  .Submit([&] {
                    started.count_down();
                    release.wait();
                  })
                  .ok());
  started.wait();
  ASSERT_TRUE(executor.Submit([] {}).ok());
  ASSERT_TRUE(executor.Submit([] {}).ok());
  EXPECT_EQ(executor.running(), 1u);
  EXPECT_EQ(executor.queued(), 2u);
  const arrow::Status refused = executor.Submit([] {});
  EXPECT_EQ(KindOf(refused), ErrorKind::kResourceExhausted);
  EXPECT_NE(refused.message().find("background work"), std::string::npos);
  release.count_down();
}

TEST(Executor, DestructionRunsWhatIsQueuedAndRefusesMore) {
  std::atomic<bool> second_ran = false;
  arrow::Status late;
  auto executor = std::make_unique<Executor>(
      Executor::Options{.name = "work", .threads = 1, .max_queue = 8});
  Executor* raw = executor.get();
  std::latch started(1), release(1);
  ASSERT_TRUE(executor
                  ->Submit([&] {
                    started.count_down();
                    release.wait();
                  })
                  .ok());
  ASSERT_TRUE(executor
                  ->Submit([&, raw] {
                    second_ran = true;
                    // Runs during destruction, or after this task no more work is taken.
                    do {
                      late = raw->Submit([] {});
                    } while (late.ok() || KindOf(late) != ErrorKind::kUnavailable);
                  })
                  .ok());
  started.wait();
  release.count_down();
  executor.reset();
  EXPECT_TRUE(second_ran);
  EXPECT_EQ(KindOf(late), ErrorKind::kUnavailable);
}

TEST(Executor, ReleasesWhatATaskHeldBeforeTheNextOneRuns) {
  auto held = std::make_shared<int>(1);
  std::weak_ptr<int> watch = held;
  std::atomic<bool> released = false;
  {
    Executor executor({.name = "work", .threads = 1, .max_queue = 8});
    ASSERT_TRUE(executor.Submit([held = std::move(held)] {}).ok());
    ASSERT_TRUE(executor.Submit([&] { released = watch.expired(); }).ok());
  }
  EXPECT_TRUE(released);
}

}  // namespace
}  // namespace pintail::base
