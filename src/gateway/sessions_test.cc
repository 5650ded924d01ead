#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/session.h"
#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using testing::Batch;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

TEST(Sessions, ShareTemporaryTablesAndSettingsBetweenStatements) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TEMP TABLE t AS SELECT 41 AS a");
  world.Run(session, "SET TimeZone = 'Asia/Tokyo'");
  EXPECT_EQ(world.Run(session, "UPDATE t SET a = a + 1"), "");
  EXPECT_EQ(world.Run(session, "SELECT a, current_setting('TimeZone') FROM t"),
            "42|Asia/Tokyo");
  EXPECT_THAT(world.Run(world.Open("other"), "SELECT * FROM t"), StartsWith("not_found"));
}

TEST(Sessions, RunAStatementWhileAResultIsUnread) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TEMP TABLE t AS SELECT 1 AS a");
  const auto unread =
      world.gateway
          ->Execute(World::Call(), session, {.sql = "SELECT range FROM range(10000000)"})
          .ValueOrDie();
  ASSERT_TRUE(unread.rows->Next().ok());
  EXPECT_EQ(world.Run(session, "SELECT a FROM t"), "1");
  EXPECT_EQ(world.Run(session, "CREATE SCHEMA s; USE s; SELECT current_schema()"), "s");
  EXPECT_TRUE(unread.rows->Next().ok());
}

TEST(Sessions, KeepATransactionThatWasBegunBySql) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  world.Run(session, "BEGIN");
  world.Run(session, "INSERT INTO t VALUES (1)");
  EXPECT_EQ(world.Run(session, "SELECT count(*) FROM t"), "1");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
  world.Run(session, "ROLLBACK");
  EXPECT_EQ(world.Run(session, "SELECT count(*) FROM t"), "0");
  world.Run(session, "BEGIN; INSERT INTO t VALUES (2); COMMIT");
  EXPECT_EQ(world.Seen("SELECT a FROM t"), "2");
}

TEST(Sessions, KeepStatementsThatWerePreparedBySql) {
  World world;
  const SessionPtr session = world.Open();
  EXPECT_EQ(world.Run(session, "PREPARE twice AS SELECT 2 * $1"), "");
  EXPECT_EQ(world.Run(session, "EXECUTE twice(21)"), "42");
}

TEST(Sessions, RollBackWhatIsOpenWhenTheyAreClosed) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  world.Run(session, "BEGIN; INSERT INTO t VALUES (1)");
  const std::string other =
      world.gateway->Begin(World::Call(), world.Open("k2")).ValueOrDie();
  EXPECT_TRUE(world.gateway->CloseSession(World::Call(), "test").ok());
  EXPECT_TRUE(world.gateway->CloseSession(World::Call(), "k2").ok());
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
  EXPECT_THAT(Text(world.gateway->Commit(World::Call(), other)), StartsWith("not_found"));
  EXPECT_THAT(world.Run(session, "SELECT 1"), StartsWith("not_found"));
  EXPECT_TRUE(world.gateway->CloseSession(World::Call(), "never opened").ok());
}

TEST(Sessions, AreRefusedPastTheBoundWhenAllAreInUse) {
  World world({.max_sessions = 3});
  const SessionPtr held_by_a_call = world.Open("a");
  const SessionPtr transient =
      world.gateway->TransientSession(World::Call()).ValueOrDie();
  const auto unread = world.gateway
                          ->Execute(World::Call(), world.Open("b"),
                                    {.sql = "SELECT range FROM range(10000000)"})
                          .ValueOrDie();
  const auto fourth = world.gateway->OpenSession(World::Call(), "c");
  EXPECT_THAT(Text(fourth.status()), StartsWith("resource_exhausted"));
  EXPECT_THAT(Text(fourth.status()), HasSubstr("session.max"));
  EXPECT_THAT(Text(world.gateway->TransientSession(World::Call()).status()),
              StartsWith("resource_exhausted"));
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "a").ok());
  EXPECT_TRUE(unread.rows->Next().ok());
}

TEST(Sessions, GiveWayToNewOnesTheLongestIdleFirst) {
  World world({.max_sessions = 2});
  const auto number = [&](const char* key) { return world.Open(key)->number(); };
  const int64_t first = number("first");
  world.Pass(1ms);
  const int64_t second = number("second");
  world.Pass(1ms);
  EXPECT_EQ(number("first"), first);
  world.Pass(1ms);
  (void)world.Open("third");
  EXPECT_EQ(number("first"), first);
  EXPECT_NE(number("second"), second);
  EXPECT_THAT(world.metrics.Render(), HasSubstr("pintail_sessions_evicted_total 2"));
}

TEST(Sessions, ThatGaveWayTellWhatBecameOfTheirHandles) {
  World world({.max_sessions = 1});
  std::string transaction;
  std::string parked;
  std::string prepared;
  std::string background;
  {
    const SessionPtr session = world.Open("old");
    world.Run(session, "CREATE TABLE t (a INTEGER)");
    transaction = world.gateway->Begin(World::Call(), session).ValueOrDie();
    world.Run(session, "INSERT INTO t VALUES (1)", transaction);
    parked = world.gateway->Park(World::Call(), session, {.sql = "SELECT 1"})
                 .ValueOrDie()
                 .handle;
    prepared = world.gateway->Prepare(World::Call(), session, "SELECT 1", "")
                   .ValueOrDie()
                   .handle;
    background =
        world.gateway->StartInBackground(World::Call(), session, {.sql = "SELECT 1"})
            .ValueOrDie()
            .handle;
    ASSERT_TRUE(Eventually([&] {
      return world.gateway->PollBackground(World::Call(), background).ValueOrDie().done;
    }));
  }
  world.Pass(2min);
  ASSERT_TRUE(
      Eventually([&] { return world.gateway->OpenSession(World::Call(), "new").ok(); }));
  const auto gone = [](const arrow::Status& status) { return Text(status); };
  for (const std::string& answer :
       {gone(world.gateway->Commit(World::Call(), transaction)), world.Fetch(parked),
        gone(world.gateway->DescribePrepared(World::Call(), prepared).status()),
        gone(world.gateway->PollBackground(World::Call(), background).status())}) {
    EXPECT_THAT(answer, StartsWith("not_found"));
    EXPECT_THAT(answer, HasSubstr("gave way"));
    EXPECT_THAT(answer, HasSubstr("session.max"));
  }
  EXPECT_THAT(world.Fetch(parked, "other"), Not(HasSubstr("gave way")));
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
}

TEST(Sessions, WithAnOpenTransactionGiveWayLastAndNotAtOnce) {
  World world({.max_sessions = 2});
  world.Run(world.Open("by sql"), "BEGIN");
  const std::string transaction =
      world.gateway->Begin(World::Call(), world.Open("by protocol")).ValueOrDie();
  EXPECT_THAT(Text(world.gateway->OpenSession(World::Call(), "new").status()),
              StartsWith("resource_exhausted"));

  ASSERT_TRUE(world.gateway->Rollback(World::Call(), transaction).ok());
  world.Pass(2min);
  const int64_t longest_idle = world.Open("by sql")->number();
  world.Pass(2min);
  (void)world.Open("by protocol");
  world.Pass(2min);
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "new").ok());
  EXPECT_EQ(world.Open("by sql")->number(), longest_idle);

  world.Pass(2min);
  const SessionPtr in_use = world.Open("new");
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "newer").ok());
  EXPECT_EQ(world.Open("new"), in_use);
}

TEST(Sessions, AreFreeAgainWhenTransientOnesAreLetGo) {
  World world({.max_sessions = 1});
  for (int i = 0; i < 3; ++i) {
    const auto transient = world.gateway->TransientSession(World::Call());
    ASSERT_TRUE(transient.ok()) << transient.status();
    EXPECT_EQ(world.Run(*transient, "SELECT 1"), "1");
  }
}

TEST(Sessions, ExpireWhenIdleButNeverWhileAResultIsRead) {
  World world({.result_idle_timeout = 0ms});
  const auto number = [&](const char* key) { return world.Open(key)->number(); };
  const int64_t idle = number("idle");
  const int64_t reading = number("reading");
  const auto result = world.gateway
                          ->Execute(World::Call(), world.Open("reading"),
                                    {.sql = "SELECT range FROM range(10000000)"})
                          .ValueOrDie();
  ASSERT_TRUE(result.rows->Next().ok());
  world.Pass(31min);
  EXPECT_NE(number("idle"), idle);
  EXPECT_EQ(number("reading"), reading);
  EXPECT_TRUE(result.rows->Next().ok());
  ASSERT_TRUE(result.rows->Close().ok());
  world.Pass(31min);
  EXPECT_NE(number("reading"), reading);
}

TEST(Sessions, ThatExpireWithWhatTheirClientCountsOnSayItOnce) {
  World world;
  world.Run(world.Open("plain"), "CREATE TABLE t (a INTEGER)");
  world.Run(world.Open("transaction"), "BEGIN; INSERT INTO t VALUES (1)");
  world.Run(world.Open("table"), "CREATE TEMP TABLE mine (a INTEGER)");
  world.Run(world.Open("settings"), "SET TimeZone = 'Asia/Tokyo'");
  world.Run(world.Open("named"), "PREPARE p AS SELECT 1");
  ASSERT_TRUE(world.gateway
                  ->SetSessionOption(World::Call(), world.Open("option"),
                                     "statement_timeout", "100")
                  .ok());
  ASSERT_TRUE(world.gateway
                  ->Ingest(World::Call(), world.Open("ingested"),
                           {.table = {.table = "mine"}, .temporary = true},
                           testing::Reader(
                               {Batch(arrow::schema({arrow::field("a", arrow::int32())}),
                                      R"([{"a": 1}])")}),
                           {})
                  .ok());
  world.Pass(31min);
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "plain").ok());
  const std::pair<const char*, const char*> losses[] = {
      {"transaction", "transaction"}, {"table", "temporary tables"},
      {"settings", "its settings"},   {"named", "prepared statements"},
      {"option", "its settings"},     {"ingested", "temporary tables"}};
  for (const auto& [key, lost] : losses) {
    EXPECT_TRUE(world.gateway->KnowsSession(World::Call(), key));
    const auto told = world.gateway->OpenSession(World::Call(), key);
    EXPECT_THAT(Text(told.status()), StartsWith("not_found")) << key;
    EXPECT_THAT(Text(told.status()), HasSubstr("session.idle_timeout"));
    EXPECT_THAT(Text(told.status()), HasSubstr(lost));
    EXPECT_FALSE(world.gateway->KnowsSession(World::Call(), key));
    EXPECT_TRUE(world.gateway->OpenSession(World::Call(), key).ok()) << key;
  }
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
}

TEST(Sessions, ThatGiveWayWithWhatTheirClientCountsOnSayItOnce) {
  World world({.max_sessions = 1});
  world.Run(world.Open("old"), "CREATE TEMP TABLE mine (a INTEGER)");
  (void)world.Open("new");
  const auto told = world.gateway->OpenSession(World::Call(), "old");
  EXPECT_THAT(Text(told.status()), StartsWith("not_found"));
  EXPECT_THAT(Text(told.status()), HasSubstr("session.max"));
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "old").ok());
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "new").ok());
}

TEST(Sessions, ThatAreClosedByTheirClientSayNothing) {
  World world;
  world.Run(world.Open(), "CREATE TEMP TABLE mine (a INTEGER)");
  world.Pass(31min);
  ASSERT_TRUE(world.gateway->CloseSession(World::Call(), "test").ok());
  EXPECT_TRUE(world.gateway->OpenSession(World::Call(), "test").ok());
}

TEST(Sessions, OfAnotherCallerDoNotExist) {
  World world;
  const SessionPtr mine = world.Open("key", "me");
  const SessionPtr theirs = world.Open("key", "them");
  EXPECT_NE(mine, theirs);
  const auto result =
      world.gateway->Execute(World::Call("them"), mine, {.sql = "SELECT 1"});
  EXPECT_EQ(base::KindOf(result.status()), base::ErrorKind::kNotFound);
}

TEST(Sessions, TakeOptionsAndShowThem) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE SCHEMA s1");
  const auto set = [&](const char* name, const char* value) {
    return Text(world.gateway->SetSessionOption(World::Call(), session, name, value));
  };
  EXPECT_EQ(set("schema", "s1"), "ok");
  EXPECT_EQ(set("time_zone", "Europe/Berlin"), "ok");
  EXPECT_EQ(set("statement_timeout", "2500"), "ok");
  EXPECT_EQ(set("default_null_order", "nulls_first"), "ok");
  EXPECT_EQ(world.Run(session, "SELECT current_schema(), current_setting('TimeZone')"),
            "s1|Europe/Berlin");
  const auto options = world.gateway->SessionOptions(World::Call(), session).ValueOrDie();
  EXPECT_EQ(options.at("catalog"), "memory");
  EXPECT_EQ(options.at("schema"), "s1");
  EXPECT_EQ(options.at("time_zone"), "Europe/Berlin");
  EXPECT_EQ(options.at("statement_timeout"), "2500");
  EXPECT_EQ(options.at("default_null_order"), "nulls_first");
}

TEST(Sessions, BringDefaultsBackForOptionsWithoutAValue) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE SCHEMA s1; ATTACH ':memory:' AS other");
  const auto set = [&](const char* name, const char* value) {
    return Text(world.gateway->SetSessionOption(World::Call(), session, name, value));
  };
  const auto place = [&] {
    return world.Run(session, "SELECT current_database(), current_schema()");
  };
  EXPECT_EQ(set("schema", "s1"), "ok");
  EXPECT_EQ(place(), "memory|s1");
  EXPECT_EQ(set("schema", ""), "ok");
  EXPECT_EQ(place(), "memory|main");
  EXPECT_EQ(set("catalog", "other"), "ok");
  EXPECT_EQ(place(), "other|main");
  EXPECT_EQ(set("catalog", ""), "ok");
  EXPECT_EQ(place(), "memory|main");
  EXPECT_EQ(set("default_null_order", "nulls_first"), "ok");
  EXPECT_EQ(set("default_null_order", ""), "ok");
  const auto options = world.gateway->SessionOptions(World::Call(), session).ValueOrDie();
  EXPECT_FALSE(options.contains("default_null_order"));
}

TEST(Sessions, TakeTheLongestTimeoutThereIs) {
  World world;
  const SessionPtr session = world.Open();
  ASSERT_TRUE(
      world.gateway
          ->SetSessionOption(World::Call(), session, "statement_timeout", "31622400000")
          .ok());
  EXPECT_EQ(world.Run(session, "SELECT 1"), "1");
}

TEST(Sessions, RefuseUnknownOptionsAndBadValues) {
  World world;
  const SessionPtr session = world.Open();
  const auto set = [&](const char* name, const char* value) {
    return Text(world.gateway->SetSessionOption(World::Call(), session, name, value));
  };
  EXPECT_THAT(set("no_such_option", "1"), StartsWith("not_found"));
  EXPECT_THAT(set("x'; DROP TABLE y; --", "1"), StartsWith("not_found"));
  EXPECT_THAT(set("schema", "missing"), StartsWith("invalid_argument"));
  EXPECT_THAT(set("time_zone", "Nowhere/At_All"), StartsWith("invalid_argument"));
  EXPECT_THAT(set("statement_timeout", "soon"), StartsWith("invalid_argument"));
  EXPECT_THAT(set("statement_timeout", "9223372036854775807"),
              StartsWith("invalid_argument"));
  EXPECT_THAT(set("statement_timeout", "31622400001"), StartsWith("invalid_argument"));
  EXPECT_THAT(set("memory_limit", "1GB"), StartsWith("invalid_argument"));
}

}  // namespace
}  // namespace pintail::gateway
