#include "journal/repair.h"

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "journal/check.h"
#include "journal/testing/journal_home.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;
using testing::Append;
using testing::BytesOf;
using testing::Disk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::JournalHome;
using testing::Operation;
using ::testing::Pair;
using testing::RecordOf;
using testing::ValuesOf;
using testing::WriteBytes;

const Journal::Options kSmallSegments = {.segment_bytes = 4096};
constexpr Position kRecords = 20;

std::string JsonOf(Position position) { return "[" + std::to_string(position) + "]"; }

// Three segments of some seven records each, for two tables in turn.
class Repairs : public ::testing::Test {
 protected:
  void SetUp() override {
    auto journal = home.Open(kSmallSegments).ValueOrDie();
    for (Position position = 1; position <= kRecords; ++position) {
      const std::string table = position % 2 == 0 ? "even" : "odd";
      ASSERT_EQ(Append(*journal, RecordOf(JsonOf(position), table)), position);
    }
    journal = nullptr;
    paths = home.Segments();
    ASSERT_EQ(paths.size(), 3);
    for (const auto& path : paths) originals.push_back(BytesOf(path));
    record_bytes = Check(home.folder).ValueOrDie().bytes / kRecords;
  }

  void Flip(size_t segment, size_t at) {
    std::string bytes = BytesOf(paths[segment]);
    bytes[at] = static_cast<char>(~bytes[at]);
    WriteBytes(paths[segment], bytes);
  }

  // Repairs, starts, and tells which positions are left. Fails when records are not as
  // they were, or when the journal does not go on.
  std::vector<Position> LeftAfterRepair() {
    report = Repair(home.folder, home.files).ValueOrDie();
    std::vector<Position> left;
    Position next = 0;
    {
      auto opened = home.Open(kSmallSegments);
      EXPECT_TRUE(opened.ok()) << opened.status();
      if (!opened.ok()) return left;
      for (const auto& [position, record] : home.replayed) {
        EXPECT_EQ(ValuesOf(record), JsonOf(position));
        left.push_back(position);
      }
      next = Append(**opened, RecordOf("[0]")).ValueOrDie();
    }
    EXPECT_TRUE(left.empty() || next > left.back());
    EXPECT_TRUE(home.Reopen(kSmallSegments).ok());
    return left;
  }

  std::vector<Position> AllBut(Position first, Position last) {
    std::vector<Position> positions;
    for (Position position = 1; position <= kRecords; ++position) {
      if (position < first || position > last) positions.push_back(position);
    }
    return positions;
  }

  JournalHome home{Disk::kMemory};
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> originals;
  size_t record_bytes = 0;
  RepairReport report;
};

TEST_F(Repairs, ChangeNothingInAGoodLog) {
  EXPECT_EQ(LeftAfterRepair(), AllBut(0, 0));
  EXPECT_TRUE(report.segments.empty());
  EXPECT_TRUE(report.lost.empty());
  EXPECT_EQ(BytesOf(paths[0]), originals[0]);
}

TEST_F(Repairs, DropOneDamagedRecordAndKeepTheRest) {
  Flip(0, 64 + 3 * 576 + 100);
  ASSERT_FALSE(home.Reopen(kSmallSegments).ok());
  const std::string damaged = BytesOf(paths[0]);
  const RepairReport plan = PlanRepair(home.folder).ValueOrDie();
  EXPECT_EQ(BytesOf(paths[0]), damaged);

  const std::vector<Position> left = LeftAfterRepair();
  ASSERT_EQ(report.lost.size(), 1);
  EXPECT_EQ(report.lost[0].first, report.lost[0].last);
  EXPECT_EQ(left, AllBut(report.lost[0].first, report.lost[0].last));
  EXPECT_EQ(report.records_left, kRecords - 1);
  // The fourth record: its body is damaged, and its header tells the table.
  EXPECT_THAT(report.lost_by_table, ElementsAre(Pair("even", 1)));
  ASSERT_EQ(report.segments.size(), 1);
  EXPECT_EQ(report.segments[0].path, paths[0]);
  EXPECT_EQ(BytesOf(report.segments[0].kept_as), damaged);
  ASSERT_EQ(plan.segments.size(), 1);
  EXPECT_EQ(plan.segments[0].kept_as, report.segments[0].kept_as);
}

TEST_F(Repairs, CannotTellTheTableOfARecordWhoseHeaderIsDamaged) {
  Flip(0, 64 + 3 * record_bytes + 10);
  LeftAfterRepair();
  ASSERT_EQ(report.lost.size(), 1);
  EXPECT_EQ(report.lost[0].first, 4);
  EXPECT_THAT(report.lost_by_table, IsEmpty());
}

// With its segment's header gone nobody knows whether the last record was acknowledged.
TEST_F(Repairs, TellOfALastRecordThatCannotBeRead) {
  const size_t records = (originals[2].size() - 64) / record_bytes;
  Flip(2, 20);
  Flip(2, 64 + (records - 1) * record_bytes + 300);
  EXPECT_EQ(LeftAfterRepair(), AllBut(kRecords, kRecords));
  ASSERT_EQ(report.lost.size(), 1);
  EXPECT_EQ(report.lost[0].first, kRecords);
  EXPECT_EQ(report.lost[0].last, kRecords);
  EXPECT_THAT(report.lost_by_table, ElementsAre(Pair("even", 1)));
}

TEST_F(Repairs, LoseNothingWhenOnlyAHeaderIsDamaged) {
  for (size_t segment = 0; segment < paths.size(); ++segment) {
    Flip(segment, 20);
    ASSERT_FALSE(home.Reopen(kSmallSegments).ok());
  }
  EXPECT_EQ(LeftAfterRepair(), AllBut(0, 0));
  EXPECT_EQ(report.segments.size(), 3);
  EXPECT_TRUE(report.lost.empty());
}

TEST_F(Repairs, GoOnBehindAMissingSegment) {
  std::filesystem::remove(paths[1]);
  const std::vector<Position> left = LeftAfterRepair();
  ASSERT_EQ(report.lost.size(), 1);
  EXPECT_GT(report.lost[0].last, report.lost[0].first);
  EXPECT_EQ(left, AllBut(report.lost[0].first, report.lost[0].last));
}

TEST_F(Repairs, GoOnBehindASegmentThatIsAllZeros) {
  WriteBytes(paths[1], std::string(originals[1].size(), '\0'));
  const std::vector<Position> left = LeftAfterRepair();
  ASSERT_EQ(report.lost.size(), 1);
  EXPECT_EQ(left, AllBut(report.lost[0].first, report.lost[0].last));
}

TEST_F(Repairs, KeepThePositionWhenTheLastSegmentIsLost) {
  WriteBytes(paths[2], "");
  const std::vector<Position> left = LeftAfterRepair();
  ASSERT_FALSE(left.empty());
  EXPECT_EQ(BytesOf(report.segments.at(0).kept_as), "");
}

// Whatever byte is damaged, a repair costs one record at most, or one that was torn.
TEST_F(Repairs, CostAtMostOneRecordWhateverByteIsFlipped) {
  for (size_t at = 0; at < originals[1].size(); at += 7) {
    for (const auto& entry : std::filesystem::directory_iterator(home.folder)) {
      if (entry.path().filename() != "lock") std::filesystem::remove(entry.path());
    }
    for (size_t i = 0; i < paths.size(); ++i) WriteBytes(paths[i], originals[i]);
    Flip(1, at);
    EXPECT_GE(LeftAfterRepair().size() + 1, kRecords) << "byte " << at;
  }
}

TEST_F(Repairs, MayBeInterruptedAnywhereAndBegunAgain) {
  Flip(0, 64 + 2 * 576 + 100);
  Flip(1, 30);
  Flip(1, 64 + 1 * 576 + 100);
  const std::string first = BytesOf(paths[0]);
  const std::string second = BytesOf(paths[1]);
  const std::vector<Position> expected = LeftAfterRepair();
  EXPECT_EQ(expected.size(), kRecords - 2);
  for (int64_t number = 1; number < 100; ++number) {
    for (const auto& entry : std::filesystem::directory_iterator(home.folder)) {
      if (entry.path().filename() != "lock") std::filesystem::remove(entry.path());
    }
    WriteBytes(paths[0], first);
    WriteBytes(paths[1], second);
    WriteBytes(paths[2], originals[2]);
    const int64_t from = home.files.Count();
    home.files.SetHook([&](Operation, int64_t current) {
      return current >= from + number ? std::make_error_code(std::errc::io_error)
                                      : std::error_code();
    });
    const bool done = Repair(home.folder, home.files).ok();
    home.files.SetHook(nullptr);
    EXPECT_EQ(LeftAfterRepair(), expected) << "interrupted at " << number;
    if (done) return;
  }
  FAIL() << "a repair has no hundred steps";
}

TEST_F(Repairs, AreRefusedWhileTheJournalIsOpen) {
  auto journal = home.Open(kSmallSegments).ValueOrDie();
  EXPECT_EQ(base::KindOf(Repair(home.folder, home.files).status()),
            ErrorKind::kUnavailable);
  EXPECT_EQ(base::KindOf(Check(home.folder).status()), ErrorKind::kUnavailable);
}

TEST_F(Repairs, AreRefusedWhereThereIsNoJournal) {
  EXPECT_FALSE(Repair(home.folder / "none", home.files).ok());
  EXPECT_FALSE(Check(home.folder / "none").ok());
  EXPECT_FALSE(std::filesystem::exists(home.folder / "none"));
}

TEST_F(Repairs, LeaveAFolderWithoutAJournalAlone) {
  const auto folder = home.folder / "other";
  std::filesystem::create_directory(folder);
  EXPECT_EQ(Check(folder).ValueOrDie().segments, 0);
  EXPECT_TRUE(PlanRepair(folder).ValueOrDie().segments.empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(Repairs, ComeAfterACheckThatSaysWhatIsThere) {
  const CheckReport good = Check(home.folder).ValueOrDie();
  EXPECT_EQ(good.segments, 3);
  EXPECT_EQ(good.records, 20);
  EXPECT_EQ(good.first, 1);
  EXPECT_EQ(good.last, 20);
  EXPECT_EQ(good.tables.at("even").records, 10);
  EXPECT_EQ(good.tables.at("odd").rows, 10);
  EXPECT_EQ(good.tables.at("odd").bytes + good.tables.at("even").bytes, good.bytes);
  EXPECT_FALSE(good.damage);
  EXPECT_EQ(good.torn_bytes, 0);

  WriteBytes(paths[2], originals[2] + "torn");
  EXPECT_EQ(Check(home.folder).ValueOrDie().torn_bytes, 4);

  Flip(1, 64 + 200);
  const CheckReport bad = Check(home.folder).ValueOrDie();
  ASSERT_TRUE(bad.damage);
  EXPECT_EQ(bad.damage->path, paths[1]);
  EXPECT_EQ(bad.damage->offset, 64);
  EXPECT_EQ(bad.last + 1, bad.damage->first_lost);
  EXPECT_THAT(Refusal(*bad.damage).message(), HasSubstr("would be lost"));
}

}  // namespace
}  // namespace pintail::journal
