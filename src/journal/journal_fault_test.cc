// A file system that fails: whatever step fails, nothing that was acknowledged is lost,
// and nothing that was not comes back in part.
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "journal/journal.h"
#include "journal/testing/journal_home.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;
using testing::Append;
using testing::Disk;
using ::testing::HasSubstr;
using testing::JournalHome;
using testing::Operation;
using testing::RecordOf;
using testing::ValuesOf;

std::error_code Error(std::errc error) { return std::make_error_code(error); }

std::string JsonOf(int number) { return "[" + std::to_string(number) + "]"; }

// Two dozen appends into small segments, with releases between; what was acknowledged, by
// position.
struct Story {
  std::map<Position, std::string> acknowledged;
  std::set<Position> published;
  Position released = 0;
  bool failed = false;  // the journal says that it takes nothing more
};

void Live(Journal& journal, Story& story) {
  for (int number = 0; number < 24; ++number) {
    const auto durability =
        number % 5 == 3 ? Durability::kNone
                        : (number % 5 == 4 ? Durability::kInterval : Durability::kSync);
    const base::CallContext call({});
    Position published = 0;
    const auto position = journal.Append(call, RecordOf(JsonOf(number)), durability,
                                         [&](Position given) { published = given; });
    if (position.ok()) {
      EXPECT_EQ(published, *position);
      EXPECT_TRUE(story.published.insert(published).second) << "given twice";
      story.acknowledged[*position] = JsonOf(number);
    } else {
      EXPECT_EQ(published, 0) << "published, but not acknowledged";
    }
    if (number == 12 && !story.acknowledged.empty()) {
      story.released = story.acknowledged.rbegin()->first - 2;
      journal.Release(story.released);
    }
  }
  story.failed = journal.figures().failed;
}

void ExpectKept(const JournalHome& home, const Story& story, int64_t number) {
  for (const auto& [position, values] : story.acknowledged) {
    if (position <= story.released) continue;
    const auto found = home.replayed.find(position);
    ASSERT_NE(found, home.replayed.end()) << "fault " << number << " lost " << position;
    EXPECT_EQ(ValuesOf(found->second), values) << "fault " << number;
  }
  for (const auto& [position, record] : home.replayed) {
    if (story.failed || position <= story.released) continue;
    EXPECT_TRUE(story.acknowledged.contains(position))
        << "fault " << number << " brought back " << position;
  }
}

// Runs the story with the fault at each of its operations in turn.
void FailEach(std::error_code error, bool for_ever) {
  const Journal::Options options = {.segment_bytes = 4096, .max_bytes = 1 << 20};
  int64_t operations = 0;
  for (int64_t number = 1; number <= 500; ++number) {
    JournalHome home(Disk::kMemory);
    bool came = false;
    home.files.SetHook([&, number](Operation, int64_t current) {
      const bool fails = for_ever ? current >= number : current == number;
      came |= fails;
      return fails ? error : std::error_code();
    });
    Story story;
    auto journal = home.Open(options);
    ASSERT_TRUE(journal.ok());  // it makes nothing before the first append
    Live(**journal, story);
    journal->reset();
    home.files.SetHook(nullptr);
    operations = home.files.Count();
    ASSERT_TRUE(home.Reopen(options).ok()) << "fault " << number;
    ExpectKept(home, story, number);
    if (!for_ever) {
      // One fault costs one group, or the journal says that it is at its end.
      EXPECT_TRUE(story.failed || story.acknowledged.size() >= 23) << "fault " << number;
    }
    if (!came) break;
  }
  EXPECT_GT(operations, 50);
}

TEST(FailingFiles, LoseNothingWhenAnyStepFailsOnce) {
  FailEach(Error(std::errc::io_error), false);
}

TEST(FailingFiles, LoseNothingWhenEveryStepFailsFromThenOn) {
  FailEach(Error(std::errc::io_error), true);
}

TEST(FailingFiles, LoseNothingWhenTheDiskIsFullForAStep) {
  FailEach(Error(std::errc::no_space_on_device), false);
}

TEST(FailingFiles, LoseNothingWhenAStartFails) {
  const Journal::Options options = {.segment_bytes = 4096};
  JournalHome home;
  Story story;
  {
    auto journal = home.Open(options).ValueOrDie();
    Live(*journal, story);
  }
  const int64_t before = home.files.Count();
  int refused = 0;
  for (int64_t number = 1; number < 100; ++number) {
    const int64_t from = home.files.Count();
    home.files.SetHook([&](Operation, int64_t current) {
      return current == from + number ? Error(std::errc::io_error) : std::error_code();
    });
    const bool opened = home.Reopen(options).ok();
    home.files.SetHook(nullptr);
    if (opened) break;
    ++refused;
    ASSERT_TRUE(home.Reopen(options).ok());
    ExpectKept(home, story, number);
  }
  EXPECT_GT(refused, 2);
  EXPECT_GT(home.files.Count(), before);
}

TEST(FailingFiles, MayWriteLessThanTheyAreGiven) {
  JournalHome home;
  home.files.SetShortWrites(true);
  Story story;
  {
    auto journal = home.Open({.segment_bytes = 4096}).ValueOrDie();
    Live(*journal, story);
  }
  EXPECT_EQ(story.acknowledged.size(), 24);
  ASSERT_TRUE(home.Reopen({.segment_bytes = 4096}).ok());
  ExpectKept(home, story, 0);
}

TEST(FailingFiles, AreAFullDiskUntilThereIsSpaceAgain) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
  home.files.SetHook([](Operation operation, int64_t) {
    return operation == Operation::kWrite ? Error(std::errc::no_space_on_device)
                                          : std::error_code();
  });
  for (int i = 0; i < 3; ++i) {
    const auto position = Append(*journal, RecordOf("[2]"));
    EXPECT_EQ(base::KindOf(position.status()), ErrorKind::kResourceExhausted);
    EXPECT_THAT(position.status().message(), HasSubstr(home.folder.native()));
    EXPECT_THAT(position.status().message(), HasSubstr("bytes are free"));
  }
  EXPECT_FALSE(journal->figures().failed);
  EXPECT_EQ(journal->figures().failed_writes, 3);
  home.files.SetHook(nullptr);
  EXPECT_EQ(Append(*journal, RecordOf("[3]")), 2);
  journal = nullptr;
  ASSERT_TRUE(home.Reopen().ok());
  ASSERT_EQ(home.replayed.size(), 2);
  EXPECT_EQ(ValuesOf(home.replayed[2]), "[3]");
}

TEST(FailingFiles, MakeTheJournalRefuseAllWhenAFailedSyncCannotBeTakenBack) {
  JournalHome home;
  auto journal = home.Open().ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
  home.files.SetHook([](Operation operation, int64_t) {
    return operation == Operation::kSyncData || operation == Operation::kTruncate
               ? Error(std::errc::io_error)
               : std::error_code();
  });
  EXPECT_FALSE(Append(*journal, RecordOf("[2]")).ok());
  EXPECT_TRUE(journal->figures().failed);
  home.files.SetHook(nullptr);
  const auto refused = Append(*journal, RecordOf("[3]"));
  EXPECT_EQ(base::KindOf(refused.status()), ErrorKind::kUnavailable);
  EXPECT_THAT(refused.status().message(), HasSubstr("start the server again"));
  journal = nullptr;
  ASSERT_TRUE(home.Reopen().ok());
  EXPECT_EQ(ValuesOf(home.replayed.at(1)), "[1]");
}

TEST(FailingFiles, LeaveADoubtThatALaterStartUnderstands) {
  JournalHome home;
  std::filesystem::path old_segment;
  int64_t end_of_first = 0;
  {
    auto journal = home.Open().ValueOrDie();
    ASSERT_EQ(Append(*journal, RecordOf("[1]")), 1);
    end_of_first = journal->figures().bytes;
    ASSERT_EQ(Append(*journal, RecordOf("[2]"), Durability::kNone), 2);
    home.files.SetHook([&](Operation operation, int64_t) {
      return operation == Operation::kSyncData ? Error(std::errc::io_error)
                                               : std::error_code();
    });
    EXPECT_FALSE(Append(*journal, RecordOf("[3]")).ok());
    home.files.SetHook(nullptr);
    old_segment = home.Segments()[0];
    ASSERT_EQ(Append(*journal, RecordOf("[4]")), 3);
    ASSERT_EQ(Append(*journal, RecordOf("[5]")), 4);
  }
  // The machine fails, and what the failed sync dropped is really gone.
  std::filesystem::resize_file(old_segment, end_of_first);
  ASSERT_TRUE(home.Reopen().ok());
  ASSERT_EQ(home.replayed.size(), 3);
  EXPECT_FALSE(home.replayed.contains(2));
  EXPECT_EQ(ValuesOf(home.replayed[3]), "[4]");
  // But what was synced before must be there.
  std::filesystem::resize_file(old_segment, end_of_first - 64);
  EXPECT_FALSE(home.Reopen().ok());
}

TEST(FailingFiles, KeepASegmentThatCannotBeRemovedUntilItCan) {
  JournalHome home;
  auto journal = home.Open({.segment_bytes = 4096}).ValueOrDie();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
  const int64_t segments = journal->figures().segments;
  home.files.SetHook([](Operation operation, int64_t) {
    return operation == Operation::kRemove ? Error(std::errc::io_error)
                                           : std::error_code();
  });
  journal->Release(10);
  while (home.files.CountOf(Operation::kRemove) == 0) std::this_thread::yield();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
  EXPECT_GE(journal->figures().segments, segments);
  home.files.SetHook(nullptr);
  journal->Release(11);
  while (journal->figures().segments >= segments) std::this_thread::yield();
}

// Many callers, little room, releases, ticks of the timers, and a file system that fails
// now and then.
TEST(FailingFiles, LoseNothingUnderLoad) {
  JournalHome home(Disk::kMemory);
  const Journal::Options options = {.segment_bytes = 8192,
                                    .max_bytes = 32'768,
                                    .sync_interval = std::chrono::seconds(1),
                                    .idle_interval = std::chrono::seconds(2)};
  auto journal = home.Open(options).ValueOrDie();
  home.files.SetHook([](Operation operation, int64_t number) {
    const bool fails = (operation == Operation::kWrite && number % 17 == 0) ||
                       (operation == Operation::kSyncData && number % 19 == 0) ||
                       (operation == Operation::kCreate && number % 3 == 0);
    return fails ? Error(std::errc::io_error) : std::error_code();
  });
  std::mutex mutex;
  Story story;
  std::atomic<int> writing = 6;
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < 6; ++writer) {
    threads.emplace_back([&, writer] {
      for (int n = 0; n < 200; ++n) {
        const std::string values = JsonOf(writer * 1000 + n);
        const auto position =
            Append(*journal, RecordOf(values), static_cast<Durability>(n % 3));
        if (!position.ok()) continue;
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(story.acknowledged.emplace(*position, values).second);
      }
      --writing;
    });
  }
  // Keeps ten records, as the database would that has moved all others.
  threads.emplace_back([&] {
    while (writing > 0) {
      home.Advance(std::chrono::milliseconds(300));
      const Position newest = journal->figures().newest;
      if (newest <= 10) continue;
      story.released = newest - 10;
      journal->Release(story.released);
    }
  });
  threads.clear();
  story.failed = journal->figures().failed;
  EXPECT_FALSE(story.failed);
  EXPECT_GT(journal->figures().failed_writes, 10);
  EXPECT_GT(story.acknowledged.size(), 100);
  journal = nullptr;
  home.files.SetHook(nullptr);
  ASSERT_TRUE(home.Reopen(options).ok());
  ExpectKept(home, story, 0);
}

}  // namespace
}  // namespace pintail::journal
