#include "backend/breaker.h"

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;
using State = Reachability::State;

class BreakerTest : public testing::Test {
 protected:
  void Fail(ErrorKind kind = ErrorKind::kUnavailable) {
    ASSERT_TRUE(breaker_.Admit().ok());
    breaker_.Record(base::MakeError(kind, "connection refused"));
  }

  base::ManualClock clock_;
  // With the largest spread a pause has its full length.
  Breaker breaker_{{.source = "shop",
                    .failures = 3,
                    .first_pause = milliseconds(500),
                    .longest_pause = milliseconds(1'500)},
                   clock_,
                   [] { return 1.0; }};
};

TEST_F(BreakerTest, RefusesAfterSomeFailuresInARow) {
  EXPECT_EQ(breaker_.reachability().state, State::kUnknown);
  Fail();
  Fail();
  EXPECT_EQ(breaker_.reachability().state, State::kFailing);
  Fail();
  const arrow::Status refused = breaker_.Admit();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(base::KindOf(refused), ErrorKind::kUnavailable);
  EXPECT_EQ(refused.message(),
            "source 'shop' has been unreachable since 1970-01-02T00:00:00Z; it is tried "
            "again in 500 ms. The last error: connection refused");
  const Reachability known = breaker_.reachability();
  EXPECT_EQ(known.state, State::kRefusing);
  EXPECT_EQ(known.failures, 3);
  EXPECT_EQ(known.next_try_in, milliseconds(500));
}

TEST_F(BreakerTest, ForgetsFailuresAtASuccess) {
  Fail();
  Fail();
  breaker_.Record(arrow::Status::OK());
  Fail();
  Fail();
  EXPECT_TRUE(breaker_.Admit().ok());
  EXPECT_EQ(breaker_.reachability().failures, 2);
}

TEST_F(BreakerTest, LetsOneCallTryAfterThePause) {
  for (int i = 0; i < 3; ++i) Fail();
  clock_.Advance(milliseconds(499));
  EXPECT_FALSE(breaker_.Admit().ok());
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(breaker_.Admit().ok());
  EXPECT_FALSE(breaker_.Admit().ok());  // while the first one tries
  breaker_.Record(arrow::Status::OK());
  EXPECT_TRUE(breaker_.Admit().ok());
  EXPECT_EQ(breaker_.reachability().state, State::kReachable);
}

TEST_F(BreakerTest, WaitsLongerAfterEachFailedTryUpToABound) {
  for (int i = 0; i < 3; ++i) Fail();
  for (const int pause : {500, 1'000, 1'500, 1'500}) {
    EXPECT_EQ(breaker_.reachability().next_try_in, milliseconds(pause));
    clock_.Advance(milliseconds(pause));
    Fail();
  }
}

TEST_F(BreakerTest, GivesTheTryBackWhenItWasCancelled) {
  for (int i = 0; i < 3; ++i) Fail();
  clock_.Advance(milliseconds(500));
  ASSERT_TRUE(breaker_.Admit().ok());
  breaker_.Record(base::MakeError(ErrorKind::kCancelled, "cancelled"));
  EXPECT_TRUE(breaker_.Admit().ok());
}

TEST_F(BreakerTest, TakesAnyAnswerForASignOfLife) {
  for (const ErrorKind kind : {ErrorKind::kUnauthenticated, ErrorKind::kInvalidSql,
                               ErrorKind::kNotFound, ErrorKind::kInternal}) {
    Fail();
    Fail();
    Fail(kind);
    EXPECT_EQ(breaker_.reachability().state, State::kReachable)
        << base::ErrorKindName(kind);
  }
}

TEST_F(BreakerTest, DoesNotLengthenThePauseForCallsThatBeganBefore) {
  for (int i = 0; i < 3; ++i) Fail();
  for (int i = 0; i < 5; ++i) {
    breaker_.Record(base::MakeError(ErrorKind::kUnavailable, "reset"));
  }
  EXPECT_EQ(breaker_.reachability().next_try_in, milliseconds(500));
}

TEST(Breaker, SpreadsItsTries) {
  base::ManualClock clock;
  double random = 0;
  Breaker breaker({.source = "shop", .failures = 1}, clock, [&] { return random; });
  breaker.Record(base::MakeError(ErrorKind::kUnavailable, "refused"));
  EXPECT_EQ(breaker.reachability().next_try_in, milliseconds(250));
}

}  // namespace
}  // namespace pintail::backend
