#include "ingest/table_gate.h"

#include <atomic>
#include <thread>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

using Use = TableGates::Use;

TEST(TableGates, LetAppendersInSideBySide) {
  TableGates gates;
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  const auto one = gates.Enter(call, "t", Use::kAppend);
  const auto two = gates.Enter(call, "t", Use::kAppend);
  EXPECT_TRUE(one.ok() && two.ok());
}

TEST(TableGates, KeepTablesApart) {
  TableGates gates;
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  const auto one = gates.Enter(call, "t", Use::kChange);
  const auto two = gates.Enter(call, "u", Use::kChange);
  EXPECT_TRUE(one.ok() && two.ok());
}

TEST(TableGates, HoldAChangeUntilTheAppendersHaveLeft) {
  TableGates gates;
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  auto appending = gates.Enter(call, "t", Use::kAppend).ValueOrDie();
  std::atomic<bool> left = false;
  std::jthread changing([&] {
    const auto pass = gates.Enter(call, "t", Use::kChange);
    EXPECT_TRUE(pass.ok());
    EXPECT_TRUE(left);
  });
  left = true;
  appending.Return();
}

TEST(TableGates, GiveUpWaitingWhenTheCallIsCancelled) {
  TableGates gates;
  const base::CallContext holder({.request_id = "r", .protocol = "internal"});
  const auto pass = gates.Enter(holder, "t", Use::kChange);
  base::CallContext call({.request_id = "r", .protocol = "internal"});
  std::jthread cancelling(
      [&] { call.Cancel(base::ErrorKind::kCancelled, "no patience"); });
  const auto refused = gates.Enter(call, "t", Use::kAppend);
  EXPECT_EQ(base::KindOf(refused.status()), base::ErrorKind::kCancelled);
}

TEST(TableGates, LetWaitersInWhenAWaitingChangeGivesUp) {
  TableGates gates;
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  const auto appending = gates.Enter(call, "t", Use::kAppend);
  base::CallContext impatient({.request_id = "r", .protocol = "internal"});
  std::jthread changing(
      [&] { EXPECT_FALSE(gates.Enter(impatient, "t", Use::kChange).ok()); });
  std::jthread second([&] { EXPECT_TRUE(gates.Enter(call, "t", Use::kAppend).ok()); });
  impatient.Cancel(base::ErrorKind::kCancelled, "no patience");
}

}  // namespace
}  // namespace pintail::ingest
