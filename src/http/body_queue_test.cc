#include "http/body_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "arrow/buffer.h"
#include "base/error.h"

namespace pintail::http {
namespace {

class BodyQueueTest : public testing::Test {
 protected:
  std::shared_ptr<base::CallContext> call_ =
      std::make_shared<base::CallContext>(base::CallContext::Options{});
  std::atomic<int> resumed_ = 0;
  BodyQueue queue_{call_, 1'000, 0, [this] { ++resumed_; }};
};

TEST_F(BodyQueueTest, GivesWhatWasPushedAndThenTheEnd) {
  queue_.Push("abc");
  queue_.Push("defg");
  queue_.Finish();
  EXPECT_EQ((*queue_.Read(5))->ToString(), "abcde");
  EXPECT_EQ((*queue_.Read(5))->ToString(), "fg");
  EXPECT_EQ((*queue_.Read(5))->size(), 0);
  EXPECT_EQ(*queue_.Tell(), 7);
}

TEST_F(BodyQueueTest, WaitsForMore) {
  std::jthread writer([&] {
    queue_.Push("ab");
    queue_.Push("cd");
    queue_.Finish();
  });
  EXPECT_EQ((*queue_.Read(4))->ToString(), "abcd");
}

TEST_F(BodyQueueTest, PausesItsWriterWhenFullAndResumesItWhenReadHalfEmpty) {
  queue_.Push(std::string(600, 'x'));
  EXPECT_FALSE(queue_.PauseIfFull());
  queue_.Push(std::string(600, 'x'));
  EXPECT_TRUE(queue_.PauseIfFull());
  EXPECT_TRUE(queue_.Read(600).ok());
  EXPECT_EQ(resumed_, 0);
  EXPECT_TRUE(queue_.Read(200).ok());
  EXPECT_EQ(resumed_, 1);
  EXPECT_TRUE(queue_.Read(200).ok());
  EXPECT_EQ(resumed_, 1);
}

TEST_F(BodyQueueTest, FailsOnceWhatCameBeforeIsRead) {
  queue_.Push("abc");
  queue_.Fail(base::MakeError(base::ErrorKind::kCancelled, "gone"));
  EXPECT_EQ((*queue_.Read(3))->ToString(), "abc");
  EXPECT_EQ(queue_.Read(1).status().message(), "gone");
  EXPECT_EQ(queue_.failure().message(), "gone");
}

TEST_F(BodyQueueTest, EndsAWaitWhenTheCallIsCancelled) {
  std::jthread canceller(
      [&] { call_->Cancel(base::ErrorKind::kDeadlineExceeded, "late"); });
  EXPECT_EQ(base::KindOf(queue_.Read(1).status()), base::ErrorKind::kDeadlineExceeded);
}

TEST_F(BodyQueueTest, GivesASizeThatIsALieNoMemory) {
  queue_.Push("abc");
  queue_.Finish();
  const auto read = queue_.Read(int64_t{1} << 50);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)->ToString(), "abc");
  EXPECT_LT((*read)->capacity(), 8 << 20);
}

TEST_F(BodyQueueTest, DropsWhatNobodyWillRead) {
  queue_.Push(std::string(2'000, 'x'));
  EXPECT_TRUE(queue_.PauseIfFull());
  EXPECT_TRUE(queue_.Close().ok());
  EXPECT_EQ(resumed_, 1);
  queue_.Push(std::string(2'000, 'x'));
  EXPECT_FALSE(queue_.PauseIfFull());
  EXPECT_EQ(queue_.buffered(), 0);
}

}  // namespace
}  // namespace pintail::http
