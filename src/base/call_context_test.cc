#include "base/call_context.h"

#include <set>
#include <stop_token>
#include <string>

#include "gtest/gtest.h"

namespace pintail::base {
namespace {

TEST(CallContext, IsAliveUntilItIsCancelled) {
  CallContext context({.request_id = "r1"});
  EXPECT_TRUE(context.CheckAlive().ok());
  context.Cancel(ErrorKind::kDeadlineExceeded, "the statement ran longer than 5 s");
  const arrow::Status status = context.CheckAlive();
  EXPECT_EQ(KindOf(status), ErrorKind::kDeadlineExceeded);
  EXPECT_EQ(status.message(), "the statement ran longer than 5 s");
}

TEST(CallContext, KeepsTheFirstReason) {
  CallContext context({});
  context.Cancel(ErrorKind::kCancelled, "the client went away");
  context.Cancel(ErrorKind::kDeadlineExceeded, "too late");
  EXPECT_EQ(KindOf(context.CheckAlive()), ErrorKind::kCancelled);
}

TEST(CallContext, RunsStopCallbacksThatCanAlreadyReadTheReason) {
  CallContext context({});
  std::string seen;
  std::stop_callback callback(context.stop_token(),
                              [&] { seen = context.CheckAlive().message(); });
  context.Cancel(ErrorKind::kCancelled, "cancelled by the user");
  EXPECT_EQ(seen, "cancelled by the user");
}

TEST(CallContext, MakesRequestIdsThatDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(NewRequestId());
  EXPECT_EQ(ids.size(), 1000u);
  for (const std::string& id : ids) {
    EXPECT_EQ(id.size(), 16u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
  }
}

}  // namespace
}  // namespace pintail::base
