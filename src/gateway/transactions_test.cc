#include <thread>

#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

TEST(Transactions, ShowTheirChangesToOthersOnlyOnceCommitted) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session,
            "CREATE TABLE t (a INTEGER); CREATE TEMP TABLE mine AS SELECT 7 AS b");
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  world.Run(session, "INSERT INTO t SELECT b FROM mine", id);
  EXPECT_EQ(world.Run(session, "SELECT a FROM t", id), "7");
  EXPECT_EQ(world.Run(session, "SELECT a FROM t"), "");
  EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
  EXPECT_EQ(world.Run(session, "SELECT a FROM t"), "7");
}

TEST(Transactions, AreUndoneByRollbackAndEndOnce) {
  World world;
  const SessionPtr session = world.Open();
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  world.Run(session, "CREATE TABLE t AS SELECT 1", id);
  EXPECT_EQ(Text(world.gateway->Rollback(World::Call(), id)), "ok");
  EXPECT_THAT(world.Seen("SELECT * FROM t"), StartsWith("not_found"));
  EXPECT_THAT(Text(world.gateway->Commit(World::Call(), id)), StartsWith("not_found"));
  EXPECT_THAT(world.Run(session, "SELECT 1", id), StartsWith("not_found"));
}

TEST(Transactions, AreNotBlockedByAResultThatNobodyReads) {
  World world;
  const SessionPtr session = world.Open();
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  const auto unread =
      world.gateway
          ->Execute(World::Call(), session,
                    {.sql = "SELECT range FROM range(100000)", .transaction_id = id})
          .ValueOrDie();
  EXPECT_EQ(world.Run(session, "SELECT 2", id), "2");
  EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
  const std::string text = Text(*unread.rows);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 99'999);
}

TEST(Transactions, RunSeveralSideBySideInOneSession) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const std::string one = world.gateway->Begin(World::Call(), session).ValueOrDie();
  const std::string two = world.gateway->Begin(World::Call(), session).ValueOrDie();
  EXPECT_NE(one, two);
  world.Run(session, "INSERT INTO t VALUES (1)", one);
  world.Run(session, "INSERT INTO t VALUES (2)", two);
  EXPECT_EQ(world.Run(session, "SELECT a FROM t", one), "1");
  EXPECT_TRUE(world.gateway->Commit(World::Call(), two).ok());
  EXPECT_TRUE(world.gateway->Rollback(World::Call(), one).ok());
  EXPECT_EQ(world.Seen("SELECT a FROM t"), "2");
}

TEST(Transactions, CannotBeEndedBySqlOrByAnotherCaller) {
  World world;
  const SessionPtr session = world.Open();
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  EXPECT_THAT(world.Run(session, "COMMIT", id), StartsWith("invalid_argument"));
  EXPECT_THAT(Text(world.gateway->Commit(World::Call("other"), id)),
              StartsWith("not_found"));
  EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
}

TEST(Transactions, LeaveSettingsMadeInThemToTheSession) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE SCHEMA s");
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  world.Run(session, "USE s", id);
  EXPECT_EQ(world.Run(session, "SELECT current_schema()", id), "s");
  EXPECT_TRUE(world.gateway->Commit(World::Call(), id).ok());
  EXPECT_EQ(world.Run(session, "SELECT current_schema()"), "s");
}

TEST(Transactions, LeftOpenAreRolledBackWhenTheirSessionIdlesOut) {
  World world;
  world.Run(world.Open(), "CREATE TABLE t (a INTEGER)");
  const std::string keyed =
      world.gateway->Begin(World::Call(), world.Open("k")).ValueOrDie();
  world.Run(world.Open("k"), "INSERT INTO t VALUES (1)", keyed);
  const std::string loose =
      world.gateway
          ->Begin(World::Call(),
                  world.gateway->TransientSession(World::Call()).ValueOrDie())
          .ValueOrDie();
  world.Pass(31min);
  EXPECT_THAT(Text(world.gateway->Commit(World::Call(), keyed)), StartsWith("not_found"));
  EXPECT_THAT(Text(world.gateway->Commit(World::Call(), loose)), StartsWith("not_found"));
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
}

TEST(Transactions, AreBoundedInAllAndRefusedPastThat) {
  World world({.max_sessions = 3});
  const SessionPtr session = world.Open();
  std::string last;
  for (int i = 0; i < 3; ++i) {
    last = world.gateway->Begin(World::Call(), session).ValueOrDie();
  }
  const std::string refused =
      Text(world.gateway->Begin(World::Call(), world.Open("other")).status());
  EXPECT_THAT(refused, StartsWith("resource_exhausted"));
  EXPECT_THAT(refused, HasSubstr("session.max"));
  EXPECT_EQ(Text(world.gateway->Rollback(World::Call(), last)), "ok");
  EXPECT_TRUE(world.gateway->Begin(World::Call(), session).ok());
}

TEST(Transactions, KeepRunningAfterAStatementWasCancelled) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  const CallPtr call = World::Call();
  std::string text;
  std::jthread running([&] {
    const auto result = world.gateway->Execute(
        call, session,
        {.sql = "SELECT count(*) FROM range(100000000000) a, range(1000) b",
         .transaction_id = id});
    text = Text(result.status());
  });
  ASSERT_TRUE(Eventually([&] {
    return world.Seen(
               "SELECT count(*) FROM pintail.statements WHERE state = 'running'") == "1";
  }));
  // A second statement waits for its turn, and gives up with its own call.
  const CallPtr waiting = World::Call();
  std::string second;
  std::jthread other([&] {
    second =
        Text(world.gateway
                 ->Execute(waiting, session, {.sql = "SELECT 1", .transaction_id = id})
                 .status());
  });
  waiting->Cancel(base::ErrorKind::kCancelled, "no patience");
  other.join();
  EXPECT_EQ(second, "cancelled: no patience");
  call->Cancel(base::ErrorKind::kCancelled, "enough");
  running.join();
  EXPECT_EQ(text, "cancelled: enough");
  EXPECT_EQ(Text(world.gateway->Rollback(World::Call(), id)), "ok");
}

TEST(Drain, RefusesNewWorkAndRollsBackWhatIsOpen) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  world.Run(session, "INSERT INTO t VALUES (1)", id);
  EXPECT_EQ(Text(world.gateway->CheckReady(World::Call())), "ok");
  EXPECT_EQ(Text(world.gateway->Drain(0ms)), "ok");
  EXPECT_THAT(world.Run(session, "SELECT 1"), StartsWith("unavailable"));
  EXPECT_THAT(Text(world.gateway->OpenSession(World::Call(), "new").status()),
              StartsWith("unavailable"));
  EXPECT_THAT(Text(world.gateway->CheckReady(World::Call())), StartsWith("unavailable"));
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
  EXPECT_EQ(Text(world.gateway->Drain(0ms)), "ok");
}

TEST(Drain, WaitsForRunningStatementsUntilTheGraceHasPassed) {
  World world;
  const SessionPtr session = world.Open();
  const auto result =
      world.gateway
          ->Execute(World::Call(), session, {.sql = "SELECT range FROM range(10000000)"})
          .ValueOrDie();
  ASSERT_TRUE(result.rows->Next().ok());
  std::jthread draining([&] { (void)world.gateway->Drain(1'000ms); });
  ASSERT_TRUE(
      Eventually([&] { return !world.gateway->OpenSession(World::Call(), "x").ok(); }));
  EXPECT_TRUE(result.rows->Next().ok());
  ASSERT_TRUE(Eventually([&] {
    world.Pass(1'001ms);
    return !result.rows->Next().ok();
  }));
  draining.join();
  EXPECT_THAT(Text(*result.rows), HasSubstr("shutting down"));
}

}  // namespace
}  // namespace pintail::gateway
