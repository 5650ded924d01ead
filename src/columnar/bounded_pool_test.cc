#include "columnar/bounded_pool.h"

#include <memory>
#include <utility>

#include "arrow/buffer.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

TEST(BoundedPool, RefusesWhatGoesPastTheBudget) {
  const auto pool = BoundedPool::Make(1000);
  const auto first = arrow::AllocateBuffer(512, pool.get()).ValueOrDie();
  EXPECT_TRUE(arrow::AllocateBuffer(512, pool.get()).status().IsOutOfMemory());
  EXPECT_TRUE(
      arrow::AllocateBuffer(int64_t{1} << 60, pool.get()).status().IsOutOfMemory());
  EXPECT_TRUE(arrow::AllocateBuffer(256, pool.get()).ok());
}

TEST(BoundedPool, RefusesToGrowPastTheBudget) {
  const auto pool = BoundedPool::Make(1024);
  auto buffer = arrow::AllocateResizableBuffer(512, pool.get()).ValueOrDie();
  EXPECT_TRUE(buffer->Resize(1024).ok());
  EXPECT_TRUE(buffer->Resize(2048).IsOutOfMemory());
  EXPECT_EQ(buffer->size(), 1024);
}

TEST(BoundedPool, GivesBackWhatIsFreed) {
  const auto pool = BoundedPool::Make(1024);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(arrow::AllocateBuffer(1024, pool.get()).ok());
  }
  EXPECT_EQ(pool->bytes_allocated(), 0);
}

TEST(BoundedPool, GrantsTheBudgetAnewWhileOldBuffersLive) {
  const auto pool = BoundedPool::Make(1024);
  auto first = arrow::AllocateBuffer(1024, pool.get()).ValueOrDie();
  pool->Renew(1024);
  const auto second = arrow::AllocateBuffer(1024, pool.get()).ValueOrDie();
  EXPECT_EQ(pool->bytes_allocated(), 2048);
  // Freeing the old one returns at most what the new budget has spent.
  first.reset();
  EXPECT_TRUE(arrow::AllocateBuffer(2048, pool.get()).status().IsOutOfMemory());
}

TEST(BoundedPool, CountsWhatIsFreedAsSpentWhereThatIsAskedFor) {
  const auto pool = BoundedPool::Make(1024, BoundedPool::Freed::kSpent);
  EXPECT_TRUE(arrow::AllocateBuffer(512, pool.get()).ok());
  auto shrunk = arrow::AllocateResizableBuffer(512, pool.get()).ValueOrDie();
  EXPECT_TRUE(shrunk->Resize(64).ok());
  EXPECT_EQ(pool->bytes_allocated(), 64);
  EXPECT_TRUE(arrow::AllocateBuffer(64, pool.get()).status().IsOutOfMemory());
  pool->Renew(1024);
  EXPECT_TRUE(arrow::AllocateBuffer(1024, pool.get()).ok());
}

TEST(BoundedPool, SaysWhetherItRefusedSinceItWasRenewed) {
  const auto pool = BoundedPool::Make(1024);
  EXPECT_TRUE(arrow::AllocateBuffer(1024, pool.get()).ok());
  EXPECT_FALSE(pool->refused());
  EXPECT_FALSE(arrow::AllocateBuffer(1088, pool.get()).ok());
  EXPECT_TRUE(pool->refused());
  EXPECT_EQ(pool->budget_bytes(), 1024);
  pool->Renew(2048);
  EXPECT_FALSE(pool->refused());
  EXPECT_EQ(pool->budget_bytes(), 2048);
}

TEST(BoundedPool, LivesUntilItsLastBufferIsGone) {
  auto pool = BoundedPool::Make(1024);
  std::unique_ptr<arrow::Buffer> buffer =
      arrow::AllocateBuffer(64, pool.get()).ValueOrDie();
  pool.reset();
  buffer->mutable_data()[63] = 1;
  EXPECT_EQ(buffer->data()[63], 1);
}

}  // namespace
}  // namespace pintail::columnar
