#include <atomic>
#include <functional>
#include <limits>
#include <thread>

#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using testing::Batch;
using ::testing::HasSubstr;
using testing::Reader;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

const auto kA = arrow::schema({arrow::field("a", arrow::int64())});

std::string Ingest(World& world, const SessionPtr& session, const IngestRequest& request,
                   const char* rows = R"([{"a": 1}, {"a": 2}])") {
  const auto result = world.gateway->Ingest(World::Call(), session, request,
                                            Reader({Batch(kA, rows)}), {});
  return result.ok() ? std::to_string(result->rows) : Text(result.status());
}

TEST(GatewayIngest, CountsWhatCameInByStream) {
  World world;
  const SessionPtr session = world.Open();
  EXPECT_EQ(Ingest(world, session, {.stream = "s"}), "2");
  EXPECT_EQ(Ingest(world, session, {.stream = "s"}), "2");
  EXPECT_EQ(world.Seen("SELECT name, target_table, declared, rows, commits, failures "
                       "FROM pintail.streams"),
            "s|s|false|4|2|0");
  const std::string metrics = world.metrics.Render();
  EXPECT_THAT(metrics, HasSubstr(R"(pintail_rows_processed_total{stream="s"} 4)"));
  EXPECT_THAT(metrics,
              HasSubstr(R"(pintail_ingest_latency_seconds_count{stream="s"} 2)"));
  EXPECT_EQ(world.Seen("SELECT verb, state, rows FROM pintail.statements LIMIT 1"),
            "INGEST|done|2");
}

TEST(GatewayIngest, AppliesAndCountsOnceWhatNamesItself) {
  World world({}, {.commit_rows = 1});
  const SessionPtr session = world.Open();
  const IngestRequest named{.stream = "s", .follows_commit_rules = true, .key = "k"};
  for (const bool repeated : {false, true, true}) {
    const auto result = world.gateway
                            ->Ingest(World::Call(), session, named,
                                     Reader({Batch(kA, R"([{"a": 1}, {"a": 2}])")}), {})
                            .ValueOrDie();
    EXPECT_EQ(result.repeated, repeated);
    EXPECT_EQ(result.rows, 2);
    EXPECT_EQ(result.commits, repeated ? 0 : 1);  // the stream's rule is not for it
  }
  EXPECT_EQ(world.Seen("SELECT rows, commits, failures FROM pintail.streams"), "2|1|0");
  EXPECT_THAT(world.metrics.Render(),
              HasSubstr(R"(pintail_ingest_latency_seconds_count{stream="s"} 1)"));
  EXPECT_THAT(Ingest(world, session, {.stream = "s", .commit_rows = 1, .key = "l"}),
              StartsWith("invalid_argument"));
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  EXPECT_THAT(Ingest(world, session, {.stream = "s", .transaction_id = id, .key = "l"}),
              StartsWith("invalid_argument"));
  EXPECT_EQ(Text(world.gateway->Rollback(World::Call(), id)), "ok");
  world.Run(session, "BEGIN");
  EXPECT_THAT(Ingest(world, session, {.stream = "s", .key = "l"}),
              StartsWith("invalid_argument"));
  world.Run(session, "ROLLBACK");
  EXPECT_EQ(Ingest(world, session, {.stream = "s", .key = "l"}), "2");
}

TEST(GatewayIngest, BelongsToTheTransactionItIsPartOf) {
  World world;
  const SessionPtr session = world.Open();
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  EXPECT_EQ(Ingest(world, session, {.stream = "s", .transaction_id = id}), "2");
  EXPECT_EQ(world.Run(session, "SELECT count(*) FROM s", id), "2");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM pintail.streams"), "0");
  EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
  EXPECT_EQ(world.Seen("SELECT rows FROM pintail.streams"), "2");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM s"), "2");
}

TEST(GatewayIngest, FollowsATransactionThatWasBegunBySql) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "BEGIN");
  EXPECT_EQ(Ingest(world, session, {.stream = "s"}), "2");
  world.Run(session, "ROLLBACK");
  EXPECT_THAT(world.Seen("SELECT * FROM s"), StartsWith("not_found"));
}

TEST(GatewayIngest, MakesTemporaryTablesThatTheSessionSees) {
  World world;
  const SessionPtr session = world.Open();
  EXPECT_EQ(
      Ingest(world, session,
             {.table = {.catalog = "", .schema = "", .table = "t"}, .temporary = true}),
      "2");
  EXPECT_EQ(world.Run(session, "SELECT count(*) FROM t"), "2");
  EXPECT_THAT(world.Seen("SELECT * FROM t"), StartsWith("not_found"));
  EXPECT_THAT(Ingest(world, session,
                     {.table = {.catalog = "", .schema = "main", .table = "t"},
                      .temporary = true}),
              StartsWith("invalid_argument"));
}

TEST(GatewayIngest, LandsInTheSchemaOfTheSession) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE SCHEMA z; USE z");
  EXPECT_EQ(Ingest(world, session, {.stream = "s"}), "2");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM z.s"), "2");
}

TEST(GatewayIngest, AcknowledgesEachCommit) {
  World world;
  std::vector<std::pair<int64_t, int64_t>> commits;
  const auto batch = Batch(kA, R"([{"a": 1}, {"a": 2}])");
  const auto result = world.gateway->Ingest(
      World::Call(), world.Open(), {.stream = "s", .commit_rows = 2},
      Reader({batch, batch}), [&](const IngestCommit& commit) {
        commits.emplace_back(commit.number, commit.rows);
        return arrow::Status::OK();
      });
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(commits, (std::vector<std::pair<int64_t, int64_t>>{{1, 2}, {2, 4}}));
}

TEST(GatewayIngest, RefusesOptionsThatMakeNoSense) {
  World world;
  for (const IngestRequest& request :
       {IngestRequest{.stream = "s", .chunk_rows = 0},
        IngestRequest{.stream = "s", .commit_rows = -1},
        IngestRequest{.stream = "s", .commit_interval = std::chrono::milliseconds(0)},
        IngestRequest{}}) {
    EXPECT_THAT(Ingest(world, world.Open(), request), StartsWith("invalid_argument"));
  }
}

TEST(GatewayIngest, RefusesOptionsPastTheBoundOfTheConfiguration) {
  World world;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const std::chrono::milliseconds year = std::chrono::hours(24 * 366);
  const struct {
    IngestRequest request;
    std::string answer;
  } kCases[] = {
      {{.stream = "s", .chunk_rows = 100'000'000}, "2"},
      {{.stream = "s", .chunk_rows = 100'000'001},
       "invalid_argument: chunk_rows (chunk_size) is 100000001; it can be between 1 and "
       "100000000"},
      {{.stream = "s", .chunk_rows = kMost},
       "invalid_argument: chunk_rows (chunk_size) is 9223372036854775807; it can be "
       "between 1 and 100000000"},
      {{.stream = "s", .commit_rows = 1'000'000'000'000}, "2"},
      {{.stream = "s", .commit_rows = kMost},
       "invalid_argument: commit_rows is 9223372036854775807; it can be between 1 and "
       "1000000000000"},
      {{.stream = "s", .commit_interval = year}, "2"},
      {{.stream = "s", .commit_interval = std::chrono::milliseconds(kMost)},
       "invalid_argument: commit_interval_ms is 9223372036854775807; it can be between "
       "1 and 31622400000"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Ingest(world, world.Open(), c.request), c.answer);
  }
}

TEST(GatewayIngest, FollowsCommitRulesThatNobodyAskedForInPlainStreamsOnly) {
  World world({}, {.commit_rows = 1});
  const SessionPtr session = world.Open();
  const auto commits = [&](const IngestRequest& request) -> std::string {
    const auto row = Batch(kA, R"([{"a": 1}])");
    const auto result =
        world.gateway->Ingest(World::Call(), session, request, Reader({row, row}), {});
    return result.ok() ? std::to_string(result->commits) : Text(result.status());
  };
  EXPECT_EQ(commits({.stream = "s", .follows_commit_rules = true}), "2");
  EXPECT_EQ(commits({.stream = "s"}), "1");
  EXPECT_EQ(commits({.stream = "s", .commit_rows = 1}), "2");
  EXPECT_EQ(
      commits(
          {.stream = "s", .mode = IngestMode::kReplace, .follows_commit_rules = true}),
      "1");
  EXPECT_EQ(
      commits(
          {.stream = "new", .mode = IngestMode::kCreate, .follows_commit_rules = true}),
      "1");
  EXPECT_EQ(commits({.stream = "s",
                     .mode = IngestMode::kReplace,
                     .commit_rows = 1,
                     .follows_commit_rules = true}),
            "2");
  const std::string id = world.gateway->Begin(World::Call(), session).ValueOrDie();
  EXPECT_EQ(commits({.stream = "s", .transaction_id = id, .follows_commit_rules = true}),
            "0");
  EXPECT_THAT(commits({.stream = "s", .transaction_id = id, .commit_rows = 1}),
              StartsWith("invalid_argument"));
  EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
  world.Run(session, "BEGIN");
  EXPECT_EQ(commits({.stream = "s", .follows_commit_rules = true}), "0");
  EXPECT_EQ(world.Run(session, "COMMIT"), "");
  EXPECT_EQ(world.Seen("SELECT count(*) FROM s"), "6");
}

// An upload whose client sends a batch, and then does something else before it goes on.
class SlowUpload final : public arrow::RecordBatchReader {
 public:
  explicit SlowUpload(std::function<void()> meanwhile)
      : meanwhile_(std::move(meanwhile)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return kA; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (turn_ == kBatches) meanwhile_();
    *batch = turn_ > kBatches ? nullptr : Batch(kA, R"([{"a": 1}])");
    ++turn_;
    return arrow::Status::OK();
  }

  // More than fit into the queue, when a chunk is a row: the first is in the table.
  static constexpr int kBatches = 5;

 private:
  const std::function<void()> meanwhile_;
  int turn_ = 0;
};

// The begin of a transaction on the session, by SQL and by the protocol; its id.
std::string Begin(World& world, const SessionPtr& session, bool by_sql) {
  if (!by_sql) return world.gateway->Begin(World::Call(), session).ValueOrDie();
  world.Run(session, "BEGIN");
  return "";
}

TEST(GatewayIngest, LeavesItsTransactionToOthersWhileItWaitsForItsClient) {
  for (const bool by_sql : {true, false}) {
    World world;
    const SessionPtr session = world.Open();
    const std::string id = Begin(world, session, by_sql);
    std::atomic<bool> done = false;
    bool in_time = false;
    std::string rows;
    std::jthread reading;
    const auto upload = std::make_shared<SlowUpload>([&] {
      reading = std::jthread([&] {
        rows = world.Run(session, "SELECT count(*) > 0 FROM s", id);
        done = true;
      });
      in_time = testing::Eventually([&] { return done.load(); });
    });
    const auto result = world.gateway->Ingest(
        World::Call(), session, {.stream = "s", .transaction_id = id, .chunk_rows = 1},
        upload, {});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->rows, 6);
    reading.join();
    EXPECT_TRUE(in_time);
    EXPECT_EQ(rows, "true");
    EXPECT_THAT(world.Seen("SELECT * FROM s"), StartsWith("not_found"));
    if (by_sql) {
      EXPECT_EQ(world.Run(session, "COMMIT"), "");
    } else {
      EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
    }
    EXPECT_EQ(world.Seen("SELECT count(*) FROM s"), "6");
  }
}

TEST(GatewayIngest, IsToldWhenItsTransactionEndsBeforeIt) {
  for (const bool begins_another : {false, true}) {
    World world;
    const SessionPtr session = world.Open();
    Begin(world, session, /*by_sql=*/true);
    const auto upload = std::make_shared<SlowUpload>([&] {
      EXPECT_EQ(world.Run(session, "ROLLBACK"), "");
      if (begins_another) world.Run(session, "BEGIN");
    });
    const auto result = world.gateway->Ingest(
        World::Call(), session, {.stream = "s", .chunk_rows = 1}, upload, {});
    EXPECT_THAT(Text(result.status()),
                StartsWith("invalid_argument: the transaction that this upload is part "
                           "of was ended before the upload was"));
    EXPECT_EQ(world.Run(session, "SELECT 1"), "1");
    EXPECT_THAT(world.Seen("SELECT * FROM s"), StartsWith("not_found"));
  }
}

TEST(GatewayIngest, IsToldWhenItsTransactionEndsByTheProtocolBeforeIt) {
  World world;
  const SessionPtr session = world.Open();
  const std::string id = Begin(world, session, /*by_sql=*/false);
  const auto upload = std::make_shared<SlowUpload>([&] {
    EXPECT_EQ(Text(world.gateway->Commit(World::Call(), id)), "ok");
    EXPECT_EQ(world.Run(session, "SELECT 1"), "1");  // uses its connection
  });
  const auto result = world.gateway->Ingest(
      World::Call(), session, {.stream = "s", .transaction_id = id, .chunk_rows = 1},
      upload, {});
  EXPECT_THAT(Text(result.status()), StartsWith("not_found"));
}

TEST(GatewayIngest, HoldsNoSessionThatHasNamedStatements) {
  World world;
  const SessionPtr session = world.Open();
  world.Run(session, "PREPARE one AS SELECT 1");
  const auto upload = std::make_shared<SlowUpload>(
      [&] { EXPECT_EQ(world.Run(session, "EXECUTE one"), "1"); });
  const auto result = world.gateway->Ingest(World::Call(), session,
                                            {.stream = "s", .chunk_rows = 1}, upload, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(world.Seen("SELECT count(*) FROM s"), "6");
}

TEST(GatewayIngest, WaitsForATableAsLongAsItsOptionSays) {
  World world({.ingest_lock_timeout = std::chrono::seconds(3)});
  const SessionPtr session = world.Open();
  const auto upload = std::make_shared<SlowUpload>([&] {
    std::atomic<bool> done = false;
    std::jthread time([&] {
      while (!done) world.Pass(std::chrono::milliseconds(10));
    });
    EXPECT_THAT(Ingest(world, world.Open("other"), {.stream = "s"}),
                HasSubstr("ingest.lock_timeout allows (3000 ms)"));
    done = true;
  });
  const auto result = world.gateway->Ingest(World::Call(), session,
                                            {.stream = "s", .chunk_rows = 1}, upload, {});
  ASSERT_TRUE(result.ok()) << result.status();
}

TEST(GatewayIngest, IsRefusedPastItsOwnBound) {
  World world({.max_running_ingests = 0});
  EXPECT_THAT(Ingest(world, world.Open(), {.stream = "s"}),
              HasSubstr("ingest.max_running"));
}

}  // namespace
}  // namespace pintail::gateway
