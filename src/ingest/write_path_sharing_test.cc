// One table, several writers, and producers that take their time.
#include <atomic>
#include <future>
#include <limits>
#include <optional>
#include <thread>

#include "base/error.h"
#include "gmock/gmock.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using testing::Batch;
using ::testing::HasSubstr;
using testing::kAB;
using testing::Reader;
using testing::ScriptedReader;
using testing::StallingProducer;
using ::testing::StartsWith;
using testing::WritePathTest;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

TEST_F(WritePathTest, LetsConcurrentWritersMakeAndWidenOneTable) {
  constexpr int kWriters = 8;
  std::vector<std::string> outcomes(kWriters);
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] {
        // Each brings a column of its own, and every second one a wider number.
        const auto number = i % 2 == 0 ? arrow::int32() : arrow::int64();
        const auto schema =
            arrow::schema({arrow::field("n", number),
                           arrow::field("c" + std::to_string(i), arrow::utf8())});
        const auto batch = Batch(schema, "[{\"n\": " + std::to_string(i) + ", \"c" +
                                             std::to_string(i) + "\": \"v\"}]");
        for (int round = 0; round < 5; ++round) {
          outcomes[static_cast<size_t>(i)] += IngestText(OrderFor("t"), Reader({batch}));
        }
      });
    }
  }
  for (const std::string& outcome : outcomes) EXPECT_EQ(outcome, "11111");
  EXPECT_EQ(Seen("SELECT count(*), sum(n), count(c0), count(c7) FROM t"), "40|140|5|5");
}

class SlowProducerTest : public WritePathTest {
 protected:
  // Uploads in another thread up to the stall.
  void Stall(const std::shared_ptr<arrow::RecordBatch>& row) {
    Order order = OrderFor("t");
    order.stream.policy.chunk_rows = 1;
    upload_ = std::jthread([this, order, row] {
      slow_ = IngestText(order, producer_.Reader([row](int) { return row; }));
    });
    producer_.AwaitStall();
  }
  // Lets the slow one come to its end; its outcome.
  std::string Finish() {
    producer_.Release();
    upload_.join();
    return slow_;
  }
  // The outcome of an upload while time passes by.
  std::string WhileTimePasses(const std::function<std::string()>& upload) {
    std::atomic<bool> done = false;
    std::jthread time([&] {
      while (!done) {
        clock_.Advance(10ms);
        timers_.RunDue();
        std::this_thread::yield();
      }
    });
    std::string outcome = upload();
    done = true;
    return outcome;
  }

  StallingProducer producer_;
  std::jthread upload_;
  std::string slow_;
};

TEST_F(SlowProducerTest, OfANewTableIsWaitedForNoLongerThanTheLockTimeout) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  Stall(row);
  const std::string refused = WhileTimePasses(
      [&] { return IngestText(OrderFor("T", Mode::kCreateOrAppend), Reader({row})); });
  EXPECT_THAT(refused, StartsWith("conflict: the table \"T\" cannot be written to now: "
                                  "another upload has had it open for "));
  EXPECT_THAT(refused, HasSubstr("ingest.lock_timeout allows (10000 ms); nothing has "
                                 "been changed, so it is safe to try again"));
  EXPECT_EQ(IngestText(OrderFor("u"), Reader({row})), "1") << "other tables are free";
  EXPECT_EQ(Finish(), "5");
  EXPECT_EQ(IngestText(OrderFor("T"), Reader({row})), "1");
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "6");
}

TEST_F(SlowProducerTest, DoesNotHoldUpOtherAppendersThoughAnotherWouldAddAColumn) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  ASSERT_EQ(IngestText(OrderFor("t"), Reader({row})), "1");
  Stall(testing::LargeRow(kAB, 1));
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({row})), "1");
  const auto more = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("c", arrow::int64())});
  EXPECT_THAT(WhileTimePasses([&] {
                return IngestText(OrderFor("t"),
                                  Reader({Batch(more, R"([{"a": 1, "c": 2}])")}));
              }),
              StartsWith("conflict: the table \"t\" cannot be written to now: "));
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({row})), "1");
  EXPECT_EQ(Finish(), "5");
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "8");
}

TEST_F(WritePathTest, LeavesTheTableToOthersUntilItsFirstChunkOrItsEndHasCome) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  for (const auto rule : {std::optional<int64_t>(), std::optional<int64_t>(100)}) {
    Order order = OrderFor("t", Mode::kReplace);
    order.stream.policy.commit_rows = rule;
    const auto slow = std::make_shared<ScriptedReader>(
        kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
          if (turn == 3) return nullptr;
          // As a change of the table needs it alone, it would wait for our end.
          EXPECT_EQ(IngestText(OrderFor("t", Mode::kReplace), Reader({row})), "1");
          return row;
        });
    EXPECT_EQ(IngestText(order, slow), "3");
  }
}

TEST_F(WritePathTest, GivesTheTableBackAtEachCommitUntilTheNextChunkHasCome) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  Order order = OrderFor("t");
  order.stream.policy.commit_rows = 2;
  const auto slow = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 5) return nullptr;
        EXPECT_EQ(IngestText(OrderFor("t", Mode::kReplace), Reader({row})), "1") << turn;
        return row;
      });
  EXPECT_EQ(IngestText(order, slow), "5");
}

TEST_F(WritePathTest, CommitsByTimeBeforeOthersGiveUpWaitingForTheTable) {
  Order order = OrderFor("t");
  order.stream.policy.commit_interval = std::chrono::hours(1);
  std::promise<void> acknowledged;
  const auto stalling = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 0) return Batch(kAB, R"([{"a": 1, "b": "x"}])");
        clock_.Advance(5s);  // half of the lock timeout
        timers_.RunDue();
        EXPECT_EQ(acknowledged.get_future().wait_for(60s), std::future_status::ready);
        return nullptr;
      });
  const auto outcome = Ingest(order, stalling, [&](const Commit&) {
    acknowledged.set_value();
    return arrow::Status::OK();
  });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->commits, 1);
}

}  // namespace
}  // namespace pintail::ingest
