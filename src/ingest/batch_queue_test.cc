#include "ingest/batch_queue.h"

#include <atomic>
#include <limits>
#include <thread>

#include "arrow/array.h"
#include "base/error.h"
#include "catalog/testing/rows.h"
#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

std::shared_ptr<arrow::RecordBatch> Rows(int64_t count) {
  std::string json = "[";
  for (int64_t i = 0; i < count; ++i) json += i > 0 ? R"(,{"a": 1})" : R"({"a": 1})";
  return catalog::testing::Batch(arrow::schema({arrow::field("a", arrow::int64())}),
                                 json + "]");
}

constexpr BatchQueue::Options kSmall{.chunk_rows = 10, .chunk_bytes = 1'000'000};

TEST(BatchQueue, GivesWholeChunksWhileMoreIsToComeAndTheRestAtTheEnd) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue(kSmall);
  EXPECT_FALSE(queue.Ready());
  queue.Put(Rows(7));
  EXPECT_FALSE(queue.Ready());
  queue.Put(Rows(7));
  EXPECT_TRUE(queue.Ready());
  EXPECT_EQ(queue.Take(call)->rows, 10);
  EXPECT_FALSE(queue.Ready());
  queue.End(arrow::Status::OK());
  EXPECT_FALSE(queue.AtEnd());
  EXPECT_EQ(queue.Take(call)->rows, 4);
  EXPECT_TRUE(queue.AtEnd());
}

TEST(BatchQueue, GivesTwoChunksWhenTheyAreThere) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue(kSmall);
  queue.Put(Rows(19));
  queue.Put(Rows(6));
  const Chunk chunk = queue.Take(call).ValueOrDie();
  EXPECT_EQ(chunk.rows, 20);
  EXPECT_EQ(chunk.batches.size(), 2);
  EXPECT_EQ(chunk.bytes, 160);
}

TEST(BatchQueue, CutsNoBatchThatMayStayWhole) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue({.chunk_rows = 10, .chunk_bytes = 1'000'000, .whole_rows = 10});
  queue.Put(Rows(6));
  queue.Put(Rows(6));
  EXPECT_EQ(queue.Take(call)->rows, 12);
  // What is left of a longer one counts as a batch.
  queue.Put(Rows(25));
  EXPECT_EQ(queue.Take(call)->rows, 10);
  EXPECT_EQ(queue.Take(call)->rows, 10);
  EXPECT_FALSE(queue.Ready());
  queue.Put(Rows(10));
  const Chunk chunk = queue.Take(call).ValueOrDie();
  EXPECT_EQ(chunk.rows, 15);
  EXPECT_EQ(chunk.bytes, 120);
}

TEST(BatchQueue, EndsAChunkByItsBytes) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue({.chunk_rows = 1'000, .chunk_bytes = 40});
  queue.Put(Rows(5));
  EXPECT_TRUE(queue.Ready());
  EXPECT_EQ(queue.Take(call)->rows, 5);
}

TEST(BatchQueue, HoldsTheProducerBackAtTwoChunks) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue(kSmall);
  std::atomic<int> put = 0;
  std::jthread producer([&] {
    while (put < 100 && queue.Put(Rows(10))) ++put;
    queue.End(arrow::Status::OK());
  });
  int64_t rows = 0;
  while (!queue.AtEnd()) {
    rows += queue.Take(call)->rows;
    // Two chunks inside, one batch on its way in.
    EXPECT_LE(put * 10, rows + 30);
  }
  EXPECT_EQ(rows, 1'000);
}

TEST(BatchQueue, TakesChunksOfAnyLength) {
  for (const int64_t rows : {int64_t{1} << 62, std::numeric_limits<int64_t>::max()}) {
    const base::CallContext call({.request_id = "r", .protocol = "internal"});
    BatchQueue queue({.chunk_rows = rows, .chunk_bytes = 1'000'000});
    queue.Put(Rows(7));
    EXPECT_FALSE(queue.Ready());
    queue.End(arrow::Status::OK());
    EXPECT_EQ(queue.Take(call)->rows, 7);
    EXPECT_TRUE(queue.AtEnd());
  }
}

TEST(BatchQueue, GivesNothingToACallThatIsOver) {
  base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue(kSmall);
  queue.Put(Rows(20));
  call.Cancel(base::ErrorKind::kCancelled, "no patience");
  EXPECT_EQ(queue.Take(call).status().message(), "no patience");
}

TEST(BatchQueue, LetsNothingReadAheadInLockstep) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue({.chunk_rows = 10, .chunk_bytes = 1'000'000, .lockstep = true});
  std::atomic<int> put = 0;
  std::jthread producer([&] {
    for (int i = 0; i < 3; ++i) {
      queue.Put(Rows(1));
      ++put;
    }
    queue.End(arrow::Status::OK());
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(queue.Take(call)->rows, 1);
    EXPECT_EQ(put, i);
    queue.Done();
  }
}

TEST(BatchQueue, TellsTheReadersErrorAtOnce) {
  const base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue(kSmall);
  queue.Put(Rows(20));
  queue.End(arrow::Status::IOError("broken"));
  EXPECT_EQ(queue.Take(call).status().message(), "broken");
}

TEST(BatchQueue, WakesBothSidesWhenItIsOver) {
  base::CallContext call({.request_id = "r", .protocol = "internal"});
  BatchQueue queue(kSmall);
  std::jthread cancelling(
      [&] { call.Cancel(base::ErrorKind::kCancelled, "no patience"); });
  EXPECT_EQ(queue.Take(call).status().message(), "no patience");
  queue.Put(Rows(20));
  std::jthread closing([&] { queue.Close(); });
  EXPECT_FALSE(queue.Put(Rows(1)));
}

}  // namespace
}  // namespace pintail::ingest
