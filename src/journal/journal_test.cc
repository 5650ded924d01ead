#include "journal/journal.h"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "arrow/memory_pool.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "journal/testing/journal_home.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;
using testing::Append;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::JournalHome;
using testing::Operation;
using testing::RecordOf;
using testing::ValuesOf;

Record RecordOf(std::shared_ptr<arrow::RecordBatch> batch) {
  return {.table = "t", .schema = batch->schema(), .batches = {batch}};
}

TEST(Journal, ReplaysWhatWasAppendedInOrder) {
  JournalHome home;
  {
    auto journal = home.Open().ValueOrDie();
    EXPECT_TRUE(home.replayed.empty());
    Record first = RecordOf("[1, 2]", "a");
    first.producer_key = "key 1";
    EXPECT_EQ(Append(*journal, first), 1);
    EXPECT_EQ(Append(*journal, RecordOf("[null]", "b"), Durability::kInterval), 2);
    EXPECT_EQ(Append(*journal, RecordOf("[]", "a"), Durability::kNone), 3);
  }
  ASSERT_TRUE(home.Reopen().ok());
  ASSERT_EQ(home.replayed.size(), 3);
  EXPECT_EQ(ValuesOf(home.replayed[1]), "[1,2]");
  EXPECT_EQ(home.replayed[1].table, "a");
  EXPECT_EQ(home.replayed[1].producer_key, "key 1");
  EXPECT_EQ(home.replayed[1].time, home.clock.WallNow());
  EXPECT_EQ(ValuesOf(home.replayed[2]), "[null]");
  EXPECT_EQ(home.replayed[2].producer_key, "");
  EXPECT_EQ(ValuesOf(home.replayed[3]), "[]");
}

TEST(Journal, KeepsEveryTypeAndTheSchemasMetadata) {
  JournalHome home;
  auto batch = columnar::testing::BatchOfAllTypes();
  auto schema =
      batch->schema()->WithMetadata(arrow::key_value_metadata({"who"}, {"a producer"}));
  batch = batch->ReplaceSchemaMetadata(schema->metadata());
  const Record record = {
      .table = "t",
      .schema = schema,
      .batches = {batch, batch->Slice(1), batch->Slice(0, 0), batch->Slice(1, 1)}};
  {
    auto journal = home.Open().ValueOrDie();
    ASSERT_TRUE(Append(*journal, record).ok());
  }
  ASSERT_TRUE(home.Reopen().ok());
  const Record& back = home.replayed.at(1);
  EXPECT_TRUE(back.schema->Equals(*schema, /*check_metadata=*/true));
  ASSERT_EQ(back.batches.size(), record.batches.size());
  for (size_t i = 0; i < record.batches.size(); ++i) {
    EXPECT_TRUE(back.batches[i]->ValidateFull().ok());
    EXPECT_TRUE(back.batches[i]->Equals(*record.batches[i],
                                        arrow::EqualOptions().nans_equal(true)))
        << "batch " << i;
  }
}

TEST(Journal, KeepsDictionariesThatChangeFromBatchToBatch) {
  JournalHome home;
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  auto batch_of = [&](const std::string& values) {
    return columnar::testing::OneColumn(
        arrow::DictionaryArray::FromArrays(
            type, columnar::testing::FromJson(arrow::int8(), "[0, 1, null]"),
            columnar::testing::FromJson(arrow::utf8(), values))
            .ValueOrDie());
  };
  const auto one = batch_of(R"(["a", "b"])");
  const auto two = batch_of(R"(["c", "d", "e"])");
  {
    auto journal = home.Open().ValueOrDie();
    ASSERT_TRUE(
        Append(*journal,
               {.table = "t", .schema = one->schema(), .batches = {one, two, one}})
            .ok());
  }
  ASSERT_TRUE(home.Reopen().ok());
  const auto& back = home.replayed.at(1).batches;
  ASSERT_EQ(back.size(), 3);
  EXPECT_TRUE(back[0]->Equals(*one));
  EXPECT_TRUE(back[1]->Equals(*two));
  EXPECT_TRUE(back[2]->Equals(*one));
}

TEST(Journal, TakesARecordLargerThanASegmentAndMapsItInstead) {
  JournalHome home;
  const auto batch = columnar::testing::ServiceRows(200'000);
  const Journal::Options options = {.segment_bytes = 1 << 20};
  {
    auto journal = home.Open(options).ValueOrDie();
    ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
    ASSERT_TRUE(Append(*journal, RecordOf(batch)).ok());
    ASSERT_TRUE(Append(*journal, RecordOf("[2]")).ok());
    EXPECT_EQ(journal->figures().segments, 3);
    ASSERT_TRUE(home.Segments().size() == 3);
  }
  const int64_t before = arrow::default_memory_pool()->bytes_allocated();
  auto journal = home.Open(options).ValueOrDie();
  EXPECT_LT(arrow::default_memory_pool()->bytes_allocated() - before, 1 << 20);
  // The batches outlive their file.
  journal->Release(3);
  journal = nullptr;
  std::filesystem::remove_all(home.folder);
  const auto& back = home.replayed.at(2).batches.at(0);
  EXPECT_TRUE(back->Equals(*batch));
  EXPECT_EQ(back->column_data(0)->buffers[1]->address() % 64, 0);
  EXPECT_EQ(ValuesOf(home.replayed.at(3)), "[2]");
}

TEST(Journal, RefusesWhatIsNoRecord) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  const Record good = RecordOf("[1]");
  std::vector<Record> bad(5, good);
  bad[0].table = "";
  bad[1].batches.clear();
  bad[2].schema = arrow::schema({});
  bad[3].schema = arrow::schema({arrow::field("other", arrow::utf8())});
  bad[4].producer_key = std::string(70'000, 'k');
  for (const Record& record : bad) {
    const auto position = Append(*journal, record);
    ASSERT_FALSE(position.ok());
    EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kInvalidArgument);
  }
  EXPECT_EQ(Append(*journal, good), 1);
}

// A sync that waits until it is let go; says when it has begun.
class HeldSync {
 public:
  std::error_code Run() {
    if (!held_.exchange(false)) return {};
    begun.count_down();
    go.wait();
    return {};
  }
  std::latch begun{1};
  std::latch go{1};

 private:
  std::atomic<bool> held_ = true;
};

// Waits for something that another thread is about to do.
template <typename Condition>
void Await(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(Journal, WritesAllThatWaitWithOneSync) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  HeldSync held;
  home.files.SetHook([&](Operation operation, int64_t) {
    return operation == Operation::kSyncData ? held.Run() : std::error_code();
  });
  constexpr int kWriters = 8;
  std::vector<std::jthread> writers;
  writers.emplace_back([&] { EXPECT_TRUE(Append(*journal, RecordOf("[0]")).ok()); });
  held.begun.wait();
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] { EXPECT_TRUE(Append(*journal, RecordOf("[1]")).ok()); });
  }
  Await([&] { return journal->figures().queued == kWriters; });
  held.go.count_down();
  writers.clear();
  EXPECT_EQ(home.files.CountOf(Operation::kSyncData), 2);
  const Figures figures = journal->figures();
  EXPECT_EQ(figures.records, 1 + kWriters);
  EXPECT_EQ(figures.groups, 2);
  EXPECT_EQ(figures.syncs.count, 2);
  EXPECT_EQ(figures.synced, 1 + kWriters);
  EXPECT_EQ(figures.queued, 0);
}

TEST(Journal, PublishesInTheOrderOfPositionsAfterTheSync) {
  JournalHome home;
  auto journal = home.Open({.segment_bytes = 1 << 16}).ValueOrDie();
  std::vector<Position> published;  // by the journal's thread only
  std::atomic<int64_t> syncs = 0;
  home.files.SetHook([&](Operation operation, int64_t) {
    if (operation == Operation::kSyncData) ++syncs;
    return std::error_code();
  });
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 8; ++i) {
      writers.emplace_back([&] {
        const base::CallContext call({});
        for (int n = 0; n < 50; ++n) {
          const int64_t syncs_before = syncs;
          Position mine = 0;
          auto position = journal->Append(call, RecordOf("[1, 2, 3]"), Durability::kSync,
                                          [&](Position given) {
                                            mine = given;
                                            published.push_back(given);
                                            EXPECT_GT(syncs, syncs_before);
                                          });
          ASSERT_TRUE(position.ok());
          EXPECT_EQ(*position, mine);
        }
      });
    }
  }
  journal = nullptr;
  ASSERT_EQ(published.size(), 400);
  for (size_t i = 0; i < published.size(); ++i) EXPECT_EQ(published[i], i + 1);
  ASSERT_TRUE(home.Reopen().ok());
  EXPECT_EQ(home.replayed.size(), 400);
}

TEST(Journal, BelongsToOneAtATime) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  JournalHome other;
  const auto second = Journal::Open({.folder = home.folder}, other.ground(),
                                    [](Position, Record) { return arrow::Status::OK(); });
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(base::KindOf(second.status()), ErrorKind::kUnavailable);
  EXPECT_THAT(second.status().message(), HasSubstr("is in use by process"));
  journal = nullptr;
  EXPECT_TRUE(home.Reopen().ok());
}

TEST(Journal, GivesTheErrorOfTheReplay) {
  JournalHome home;
  {
    ASSERT_TRUE(Append(*home.Open().ValueOrDie(), RecordOf("[1]")).ok());
  }
  const auto opened =
      Journal::Open({.folder = home.folder}, home.ground(), [](Position, Record) {
        return base::MakeError(ErrorKind::kConflict, "no such table");
      });
  EXPECT_EQ(base::KindOf(opened.status()), ErrorKind::kConflict);
  EXPECT_TRUE(home.Reopen().ok());
}

TEST(Journal, RemovesSegmentsThatAreReleased) {
  JournalHome home;
  const Journal::Options options = {.segment_bytes = 4096};
  auto journal = home.Open(options).ValueOrDie();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
  const int64_t all = journal->figures().segments;
  ASSERT_GT(all, 5);
  journal->Release(20);
  Await([&] { return journal->figures().segments < all; });
  EXPECT_EQ(journal->figures().released, 20);
  journal->Release(10);  // never goes back
  EXPECT_EQ(journal->figures().released, 20);
  journal = nullptr;
  journal = home.Open(options).ValueOrDie();
  EXPECT_GT(home.replayed.begin()->first, 10);
  EXPECT_LE(home.replayed.begin()->first, 21);
  EXPECT_EQ(home.replayed.rbegin()->first, 40);
  EXPECT_EQ(Append(*journal, RecordOf("[1]")), 41);
}

TEST(Journal, IsOneEmptySegmentWhenItIsIdleAndAllIsReleased) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
  ASSERT_TRUE(Append(*journal, RecordOf("[2]")).ok());
  journal->Release(2);
  home.Advance(std::chrono::seconds(5));  // something was appended meanwhile
  home.Advance(std::chrono::seconds(5));
  Await([&] { return journal->figures().bytes == 64; });
  EXPECT_EQ(journal->figures().segments, 1);
  journal = nullptr;
  ASSERT_EQ(home.Segments().size(), 1);
  EXPECT_EQ(std::filesystem::file_size(home.Segments()[0]), 64);
  journal = home.Open().ValueOrDie();
  EXPECT_TRUE(home.replayed.empty());
  EXPECT_EQ(Append(*journal, RecordOf("[3]")), 3);
}

TEST(Journal, BeginsAboveWhatTheDatabaseKnows) {
  JournalHome home;
  {
    auto journal = home.Open().ValueOrDie();
    ASSERT_EQ(Append(*journal, RecordOf("[1]")), 1);
  }
  {
    auto journal = home.Open({.at_least = 10}).ValueOrDie();
    ASSERT_EQ(Append(*journal, RecordOf("[11]")), 11);
  }
  auto journal = home.Open({.at_least = 5}).ValueOrDie();
  EXPECT_EQ(home.replayed.size(), 2);
  EXPECT_EQ(Append(*journal, RecordOf("[12]")), 12);
}

// A journal that a few records fill, and one record more that waits for room.
class FullJournal : public ::testing::Test {
 protected:
  void SetUp() override {
    journal = home.Open({.segment_bytes = 4096, .max_bytes = 8192}).ValueOrDie();
    const base::CallContext late({.deadline = home.clock.Now()});
    while (true) {
      auto position = journal->Append(late, RecordOf("[1]"), Durability::kSync, nullptr);
      if (!position.ok()) {
        EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kResourceExhausted);
        EXPECT_THAT(position.status().message(), HasSubstr("of 8192 bytes"));
        return;
      }
      newest = *position;
    }
  }
  void WaitFor(int waiters) {
    Await([&] { return journal->figures().waiting == waiters; });
  }

  JournalHome home;
  std::unique_ptr<Journal> journal;
  Position newest = 0;
};

TEST_F(FullJournal, TakesMoreOnceSomethingIsReleased) {
  ASSERT_GT(newest, 3);
  std::jthread writer([&] { EXPECT_EQ(Append(*journal, RecordOf("[2]")), newest + 1); });
  WaitFor(1);
  journal->Release(newest);
}

TEST_F(FullJournal, RefusesWhenTheDeadlineHasCome) {
  const base::CallContext call({.deadline = home.clock.Now() + std::chrono::seconds(1)});
  std::jthread writer([&] {
    auto position = journal->Append(call, RecordOf("[2]"), Durability::kSync, nullptr);
    EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kResourceExhausted);
  });
  WaitFor(1);
  // The alarm may be set a moment after the caller is counted.
  Await([&] {
    home.Advance(std::chrono::seconds(1));
    return journal->figures().waiting == 0;
  });
}

TEST_F(FullJournal, RefusesACallWithoutADeadlineWhenItHasWaitedLongEnough) {
  const base::CallContext call({});
  std::jthread writer([&] {
    auto position = journal->Append(call, RecordOf("[2]"), Durability::kSync, nullptr);
    EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kResourceExhausted);
  });
  WaitFor(1);
  Await([&] {
    home.Advance(std::chrono::seconds(10));
    return journal->figures().waiting == 0;
  });
}

TEST_F(FullJournal, LetsACallBeCancelledThatWaitsForRoom) {
  base::CallContext call({});
  std::jthread writer([&] {
    auto position = journal->Append(call, RecordOf("[2]"), Durability::kSync, nullptr);
    EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kCancelled);
  });
  WaitFor(1);
  call.Cancel(ErrorKind::kCancelled, "the client went away");
}

TEST_F(FullJournal, LetsWaitingCallersGoWhenItStops) {
  std::vector<std::jthread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      const auto position = Append(*journal, RecordOf("[2]"));
      EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kUnavailable);
    });
  }
  WaitFor(4);
  journal->Stop();
  writers.clear();
  EXPECT_FALSE(Append(*journal, RecordOf("[2]")).ok());
}

TEST_F(FullJournal, MayBeDestroyedWhileCallersWait) {
  std::vector<std::jthread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back(
        [&, &held = *journal] { EXPECT_FALSE(Append(held, RecordOf("[2]")).ok()); });
  }
  WaitFor(4);
  journal = nullptr;
}

TEST_F(FullJournal, RefusesAtOnceWhatNeverFits) {
  const auto position =
      Append(*journal, RecordOf(columnar::testing::ServiceRows(10'000)));
  EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kResourceExhausted);
  EXPECT_THAT(position.status().message(), HasSubstr("does not fit"));
}

TEST(Journal, WritesWhatWaitsBeforeItStops) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  HeldSync held;
  home.files.SetHook([&](Operation operation, int64_t) {
    return operation == Operation::kSyncData ? held.Run() : std::error_code();
  });
  std::vector<std::jthread> writers;
  auto append = [&] { EXPECT_TRUE(Append(*journal, RecordOf("[0]")).ok()); };
  writers.emplace_back(append);
  held.begun.wait();
  for (int i = 0; i < 4; ++i) writers.emplace_back(append);
  Await([&] { return journal->figures().queued == 4; });
  std::jthread stopper([&] { journal->Stop(); });
  held.go.count_down();
  stopper.join();
  writers.clear();
  journal = nullptr;
  ASSERT_TRUE(home.Reopen().ok());
  EXPECT_EQ(home.replayed.size(), 5);
}

TEST(Journal, SyncsRecordsOfTheIntervalOnceWhenItIsOver) {
  JournalHome home;
  auto journal = home.Open({.sync_interval = std::chrono::seconds(1)}).ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]"), Durability::kInterval).ok());
  ASSERT_TRUE(Append(*journal, RecordOf("[2]"), Durability::kInterval).ok());
  EXPECT_EQ(journal->figures().syncs.count, 0);
  EXPECT_EQ(journal->figures().synced, 0);
  EXPECT_EQ(journal->figures().newest, 2);
  home.Advance(std::chrono::seconds(1));
  Await([&] { return journal->figures().synced == 2; });
  home.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(Append(*journal, RecordOf("[3]"), Durability::kNone).ok());
  home.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(Append(*journal, RecordOf("[4]"), Durability::kNone).ok());
  EXPECT_EQ(journal->figures().syncs.count, 1);
}

TEST(Journal, DoesNotCareForTheWallClock) {
  JournalHome home;
  {
    auto journal = home.Open().ValueOrDie();
    ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
    home.clock.Advance(-std::chrono::hours(5));
    ASSERT_TRUE(Append(*journal, RecordOf("[2]")).ok());
  }
  ASSERT_TRUE(home.Reopen().ok());
  EXPECT_EQ(home.replayed.size(), 2);
  EXPECT_LT(home.replayed[2].time, home.replayed[1].time);
}

}  // namespace
}  // namespace pintail::journal
