#include <atomic>
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
using testing::Batch;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

TEST(ParkedResults, OfReadsRunWhenTheyAreFetchedAsOftenAsWanted) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t AS SELECT 1 AS a");
  const auto parked =
      world.gateway->Park(World::Call(), session, {.sql = "SELECT a FROM t"})
          .ValueOrDie();
  EXPECT_EQ(parked.schema->ToString(), "a: int32");
  EXPECT_FALSE(parked.rows_changed.has_value());
  world.Run(session, "UPDATE t SET a = 2");
  EXPECT_EQ(world.Fetch(parked.handle), "2");
  EXPECT_EQ(world.Fetch(parked.handle), "2");
}

TEST(ParkedResults, OfChangesTakeEffectOnceWhenParked) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const auto parked = world.gateway
                          ->Park(World::Call(), session,
                                 {.sql = "INSERT INTO t VALUES (5) RETURNING a + 1 AS b"})
                          .ValueOrDie();
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "1");
  EXPECT_EQ(world.Fetch(parked.handle), "6");
  EXPECT_EQ(world.Fetch(parked.handle), "6");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "1");

  const auto counted =
      world.gateway->Park(World::Call(), session, {.sql = "DELETE FROM t"}).ValueOrDie();
  EXPECT_EQ(counted.rows_changed, 1);
  EXPECT_EQ(counted.schema->num_fields(), 0);
  EXPECT_EQ(world.Fetch(counted.handle), "");
}

TEST(ParkedResults, RunEarlierStatementsOfTheTextOnce) {
  World world;
  const auto parked =
      world.gateway
          ->Park(World::Call(), world.Open(),
                 {.sql = "CREATE TABLE t AS SELECT 1 AS a; SELECT * FROM t"})
          .ValueOrDie();
  EXPECT_EQ(world.Fetch(parked.handle), "1");
  EXPECT_EQ(world.Fetch(parked.handle), "1");
}

TEST(ParkedResults, HaveTheAnnouncedColumnsWhateverTheParametersAre) {
  World world;
  const auto schema = arrow::schema({arrow::field("0", arrow::utf8())});
  const auto parked = world.gateway
                          ->Park(World::Call(), world.Open(),
                                 {.sql = "SELECT ? AS x",
                                  .parameters = Batch(schema, R"([{"0": "text"}])")})
                          .ValueOrDie();
  const auto fetched = world.gateway->Fetch(World::Call(), parked.handle).ValueOrDie();
  EXPECT_TRUE(fetched.rows->schema()->Equals(*parked.schema))
      << fetched.rows->schema()->ToString() << " / " << parked.schema->ToString();
  EXPECT_EQ(Text(*fetched.rows), "text");
}

TEST(ParkedResults, SayWhenTheTableHasChangedMeanwhile) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t AS SELECT 1 AS a");
  const auto parked =
      world.gateway->Park(World::Call(), session, {.sql = "SELECT * FROM t"})
          .ValueOrDie();
  world.Run(session, "ALTER TABLE t ADD COLUMN b INTEGER");
  EXPECT_THAT(world.Fetch(parked.handle), StartsWith("conflict"));
}

TEST(ParkedResults, DoNotExistForAnotherCallerOrAfterTheirTime) {
  World world;
  const auto parked =
      world.gateway->Park(World::Call(), world.Open(), {.sql = "SELECT 1"}).ValueOrDie();
  EXPECT_EQ(parked.handle.size(), 32);
  EXPECT_THAT(world.Fetch(parked.handle, "other"), StartsWith("not_found"));
  world.Pass(4min);
  EXPECT_EQ(world.Fetch(parked.handle), "1");
  world.Pass(4min);
  EXPECT_EQ(world.Fetch(parked.handle), "1");
  world.Pass(6min);
  EXPECT_THAT(world.Fetch(parked.handle), StartsWith("not_found"));
}

TEST(ParkedResults, AreThereHoweverLongTheirStatementRan) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (n BIGINT)");
  arrow::Result<ParkedResult> parked = arrow::Status::UnknownError("still running");
  std::atomic<bool> ended = false;
  {
    std::jthread running([&] {
      parked = world.gateway->Park(
          World::Call(), session,
          {.sql = "INSERT INTO t SELECT count(*) FROM range(50000000) r(x) "
                  "WHERE x % 7 = 3 RETURNING n"});
      ended = true;
    });
    const auto runs = [&] {
      return world.Seen(
                 "SELECT count(*) FROM pintail.statements "
                 "WHERE state = 'running' AND sql LIKE 'INSERT%'") == "1";
    };
    while (!runs() && !ended) std::this_thread::yield();
    // Half an hour, as long as it runs; no more than a minute after its end.
    for (int minute = 0; minute < 30 && runs(); ++minute) world.Pass(1min);
  }
  ASSERT_TRUE(parked.ok()) << parked.status();
  EXPECT_EQ(world.Fetch(parked->handle), "7142857");
  world.Pass(4min);
  EXPECT_EQ(world.Fetch(parked->handle), "7142857");
}

TEST(ParkedResults, GiveWayToNewOnesFetchedBeforeUnreadAndOldBeforeNew) {
  World world({.max_parked_results = 3});
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const auto park = [&](const std::string& sql) {
    world.Pass(1ms);
    return world.gateway->Park(World::Call(), session, {.sql = sql}).ValueOrDie().handle;
  };
  const std::string old = park("SELECT 1");
  const std::string effect = park("INSERT INTO t VALUES (1) RETURNING a");
  const std::string fetched = park("SELECT 3");
  EXPECT_EQ(world.Fetch(fetched), "3");

  const std::string fourth = park("SELECT 4");
  const std::string gone = world.Fetch(fetched);
  EXPECT_THAT(gone, StartsWith("not_found"));
  EXPECT_THAT(gone, HasSubstr("gave way"));
  EXPECT_THAT(gone, HasSubstr("statement.max_parked_results"));
  const std::string fifth = park("SELECT 5");
  EXPECT_THAT(world.Fetch(old), HasSubstr("gave way"));
  EXPECT_THAT(world.Fetch(old, "other"), HasSubstr("never was"));
  EXPECT_EQ(world.Fetch(effect), "1");
  EXPECT_EQ(world.Fetch(fourth), "4");
  EXPECT_EQ(world.Fetch(fifth), "5");
  EXPECT_THAT(world.metrics.Render(), HasSubstr("pintail_parked_evicted_total 2"));
}

TEST(ParkedResults, GiveWayWhenTheirRowsTakeTooMuchMemory) {
  World world({.max_kept_bytes = 200'000});
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a BIGINT)");
  const auto park = [&](int rows) {
    world.Pass(1ms);
    return world.gateway
        ->Park(
            World::Call(), session,
            {.sql = "INSERT INTO t FROM range(" + std::to_string(rows) + ") RETURNING a"})
        .ValueOrDie()
        .handle;
  };
  const std::string without_rows =
      world.gateway->Park(World::Call(), session, {.sql = "SELECT 7"})
          .ValueOrDie()
          .handle;
  const std::string fetched = park(10'000);
  const std::string unread = park(10'000);
  EXPECT_THAT(world.Fetch(fetched), StartsWith("0\n"));
  const std::string newest = park(10'000);
  EXPECT_THAT(world.Fetch(fetched), HasSubstr("statement.max_kept"));
  EXPECT_THAT(world.Fetch(unread), StartsWith("0\n"));
  world.Pass(1000ms);
  EXPECT_THAT(world.metrics.Render(), HasSubstr("pintail_parked_bytes 1"));
  // Larger than all there may be: it is kept in DuckDB, to be read once.
  const std::string large = park(100'000);
  EXPECT_THAT(world.Fetch(newest), HasSubstr("statement.max_kept"));
  EXPECT_THAT(world.Fetch(large), StartsWith("0\n"));
  EXPECT_THAT(world.Fetch(large), StartsWith("resource_exhausted"));
  EXPECT_EQ(world.Fetch(without_rows), "7");
}

TEST(ParkedResults, AreRefusedBeforeAnEffectWhileAllOthersStillRun) {
  World world({.max_parked_results = 1});
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER); CREATE TABLE long (n BIGINT)");
  const CallPtr call = World::Call();
  std::jthread running([&] {
    (void)world.gateway->Park(
        call, world.Open("other"),
        {.sql = "INSERT INTO long SELECT count(*) FROM range(100000000000) a, "
                "range(1000) b"});
  });
  ASSERT_TRUE(Eventually([&] {
    return world.Seen(
               "SELECT count(*) FROM pintail.statements WHERE state = 'running'") == "1";
  }));
  std::string before;
  std::string refused;
  ASSERT_TRUE(Eventually([&] {
    before = world.Seen("SELECT count(*) FROM t");
    refused = Text(
        world.gateway->Park(World::Call(), session, {.sql = "INSERT INTO t SELECT 1"})
            .status());
    return refused != "ok";
  }));
  EXPECT_THAT(refused, HasSubstr("statement.max_parked_results"));
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), before);
  call->Cancel(base::ErrorKind::kCancelled, "enough");
}

TEST(ParkedResults, AreInterruptedByTheCallThatFetchesThem) {
  World world;
  const SessionPtr session = world.Open();
  const CallPtr parking = World::Call();
  const auto parked =
      world.gateway
          ->Park(parking, session,
                 {.sql = "SELECT count(*) FROM range(100000000000) a, range(1000) b"})
          .ValueOrDie();
  parking->Cancel(base::ErrorKind::kCancelled, "this call is over");

  const CallPtr fetching = World::Call();
  std::string text;
  std::jthread running([&] {
    const auto result = world.gateway->Fetch(fetching, parked.handle);
    text = result.ok() ? Text(*result->rows) : Text(result.status());
  });
  ASSERT_TRUE(Eventually([&] {
    return world.Seen(
               "SELECT count(*) FROM pintail.statements WHERE state = 'running'") == "1";
  }));
  fetching->Cancel(base::ErrorKind::kCancelled, "enough");
  running.join();
  EXPECT_EQ(text, "cancelled: enough");
}

TEST(ParkedResults, AreForgottenWhenCancelledAndStopWhoFetchesThem) {
  World world;
  const auto parked = world.gateway
                          ->Park(World::Call(), world.Open(),
                                 {.sql = "SELECT range FROM range(10000000)"})
                          .ValueOrDie();
  const auto fetched = world.gateway->Fetch(World::Call(), parked.handle).ValueOrDie();
  ASSERT_TRUE(fetched.rows->Next().ok());
  EXPECT_EQ(Text(world.gateway->Cancel(World::Call(), parked.handle)), "ok");
  EXPECT_THAT(Text(*fetched.rows), HasSubstr("cancelled"));
  EXPECT_THAT(world.Fetch(parked.handle), StartsWith("not_found"));
}

TEST(ParkedResults, OfATransactionAreThereAfterItsEnd) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE TABLE t (a INTEGER)");
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  world.Run(session, "INSERT INTO t VALUES (1)", id);
  const auto parked =
      world.gateway
          ->Park(World::Call(), session, {.sql = "SELECT a FROM t", .transaction_id = id})
          .ValueOrDie();
  ASSERT_TRUE(world.gateway->Rollback(World::Call(), id).ok());
  EXPECT_EQ(world.Fetch(parked.handle), "1");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM t"), "0");
}

TEST(BackgroundStatements, AreDoneWhenTheyAreAndTellTheirResult) {
  World world;
  const auto started =
      world.gateway
          ->StartInBackground(World::Call(), world.Open(),
                              {.sql = "SELECT sum(range) FROM range(1000)"})
          .ValueOrDie();
  BackgroundState state;
  ASSERT_TRUE(Eventually([&] {
    state = world.gateway->PollBackground(World::Call(), started.handle).ValueOrDie();
    return state.done;
  }));
  ASSERT_TRUE(state.result.has_value());
  EXPECT_EQ(state.progress, 1);
  EXPECT_EQ(world.Fetch(state.result->handle), "499500");
}

TEST(BackgroundStatements, TellTheirErrorToEveryPoll) {
  World world;
  const auto started = world.gateway
                           ->StartInBackground(World::Call(), world.Open(),
                                               {.sql = "SELECT * FROM missing"})
                           .ValueOrDie();
  const auto poll = [&] {
    return world.gateway->PollBackground(World::Call(), started.handle).status();
  };
  ASSERT_TRUE(Eventually([&] { return !poll().ok(); }));
  EXPECT_EQ(base::KindOf(poll()), base::ErrorKind::kNotFound);
}

TEST(BackgroundStatements, StopWhenCancelled) {
  World world({.max_running_statements = 1});
  const SessionPtr session = world.Open();
  const auto started =
      world.gateway
          ->StartInBackground(
              World::Call(), session,
              {.sql = "SELECT count(*) FROM range(100000000000) a, range(1000) b"})
          .ValueOrDie();
  EXPECT_EQ(Text(world.gateway->Cancel(World::Call(), started.handle)), "ok");
  EXPECT_THAT(Text(world.gateway->PollBackground(World::Call(), started.handle).status()),
              StartsWith("not_found"));
  ASSERT_TRUE(Eventually([&] { return world.Run(session, "SELECT 1") == "1"; }));
}

}  // namespace
}  // namespace pintail::gateway
