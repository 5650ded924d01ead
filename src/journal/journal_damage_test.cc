// What a start makes of a log that is not as it was written: it gives records that were
// appended, all up to some position, or it refuses. Never anything else.
#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "journal/journal.h"
#include "journal/record_format.h"
#include "journal/testing/journal_home.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;
using testing::Append;
using testing::BytesOf;
using testing::Disk;
using ::testing::HasSubstr;
using testing::JournalHome;
using testing::RecordOf;
using testing::ValuesOf;
using testing::WriteBytes;

std::string JsonOf(Position position) {
  return "[" + std::to_string(position) + "," + std::to_string(position * 7) + "]";
}

constexpr Position kRecords = 5;
// Segments of some seven small records each.
const Journal::Options kSmallSegments = {.segment_bytes = 4096};
constexpr Position kRecordsOfThreeSegments = 20;

// A log of a few records, each synced by itself, in the bytes of its files.
class DamagedLog : public ::testing::Test {
 protected:
  void Make(Durability durability, Journal::Options options = {},
            Position records = kRecords) {
    auto journal = home.Open(options).ValueOrDie();
    for (Position position = 1; position <= records; ++position) {
      ASSERT_EQ(Append(*journal, RecordOf(JsonOf(position)), durability), position);
    }
    journal = nullptr;
    for (const auto& path : home.Segments()) {
      paths.push_back(path);
      originals.push_back(BytesOf(path));
    }
  }

  void Restore() {
    for (const auto& path : home.Segments()) std::filesystem::remove(path);
    for (size_t i = 0; i < paths.size(); ++i) WriteBytes(paths[i], originals[i]);
  }

  // Where each record of a segment begins, and the end.
  std::vector<size_t> Offsets(size_t segment = 0) const {
    const auto bytes =
        std::span(reinterpret_cast<const uint8_t*>(originals[segment].data()),
                  originals[segment].size());
    std::vector<size_t> offsets = {kHeaderBytes};
    while (offsets.back() < bytes.size()) {
      const auto header = ParseRecordHeader(bytes.subspan(offsets.back()));
      if (!header) break;
      offsets.push_back(offsets.back() + header->record_bytes());
    }
    return offsets;
  }

  // How many records a start gives; nothing when it refuses. Fails the test when they are
  // not the first so many of those that were appended.
  std::optional<Position> Start() {
    const arrow::Status status = home.Reopen(kSmallSegments);
    for (const auto& [position, record] : home.replayed) {
      EXPECT_EQ(ValuesOf(record), JsonOf(position));
    }
    if (!home.replayed.empty()) {
      EXPECT_EQ(home.replayed.begin()->first, 1);
      EXPECT_EQ(home.replayed.rbegin()->first, home.replayed.size());
    }
    if (status.ok()) return home.replayed.size();
    EXPECT_EQ(base::KindOf(status), ErrorKind::kUnavailable);
    EXPECT_THAT(status.message(), HasSubstr("the journal is damaged"));
    return std::nullopt;
  }

  // After a start that cut the end, the log goes on and is good.
  void ExpectGoesOnAfter(Position records) {
    {
      auto journal = home.Open(kSmallSegments).ValueOrDie();
      EXPECT_EQ(home.replayed.size(), records);
      EXPECT_EQ(Append(*journal, RecordOf("[0]")), records + 1);
    }
    ASSERT_TRUE(home.Reopen(kSmallSegments).ok());
    EXPECT_EQ(home.replayed.size(), records + 1);
  }

  JournalHome home{Disk::kMemory};
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> originals;
};

TEST_F(DamagedLog, OfOneSegmentGivesAPrefixOrRefusesWhateverByteIsFlipped) {
  Make(Durability::kSync);
  ASSERT_EQ(paths.size(), 1);
  const std::vector<size_t> offsets = Offsets();
  ASSERT_EQ(offsets.size(), kRecords + 1);
  int refused = 0, cut = 0;
  for (size_t at = 0; at < originals[0].size(); ++at) {
    Restore();
    std::string bytes = originals[0];
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    WriteBytes(paths[0], bytes);
    const auto given = Start();
    if (!given) {
      EXPECT_EQ(BytesOf(paths[0]), bytes) << "byte " << at << ": nothing is changed";
      ++refused;
    } else if (*given < kRecords) {
      // Only the last record is not named as synced by a later one.
      EXPECT_EQ(*given, kRecords - 1) << "byte " << at;
      EXPECT_GE(at, offsets[kRecords - 1]) << "byte " << at;
      ++cut;
    } else {
      // Nobody needs this byte: it pads.
      EXPECT_EQ(originals[0][at], 0) << "byte " << at;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(cut, 0);
}

TEST_F(DamagedLog, OfManySegmentsGivesAPrefixOrRefusesWhateverByteIsFlipped) {
  Make(Durability::kSync, kSmallSegments, kRecordsOfThreeSegments);
  ASSERT_EQ(paths.size(), 3);
  for (size_t i = 0; i < paths.size(); ++i) {
    for (size_t at = 0; at < originals[i].size(); at += 3) {
      Restore();
      std::string bytes = originals[i];
      bytes[at] = static_cast<char>(~bytes[at]);
      WriteBytes(paths[i], bytes);
      const auto given = Start();
      if (!given) continue;
      EXPECT_GE(*given + (i + 1 == paths.size()), kRecordsOfThreeSegments)
          << "segment " << i << " byte " << at;
    }
  }
}

TEST_F(DamagedLog, GivesAPrefixOrRefusesWhereverItIsTruncated) {
  Make(Durability::kSync);
  const std::vector<size_t> offsets = Offsets();
  for (size_t length = 0; length <= originals[0].size(); ++length) {
    Restore();
    WriteBytes(paths[0], originals[0].substr(0, length));
    const auto given = Start();
    ASSERT_EQ(given.has_value(), length >= kHeaderBytes) << "length " << length;
    if (!given) continue;
    // Where the end is missing, nothing later can name it as synced.
    Position whole = 0;
    while (whole < kRecords && offsets[whole + 1] <= length) ++whole;
    // The padding behind a body is nothing that anyone needs.
    EXPECT_GE(*given, whole) << "length " << length;
    EXPECT_LE(*given, whole + 1) << "length " << length;
    if (length % 8 == 0) ExpectGoesOnAfter(*given);
  }
}

TEST_F(DamagedLog, RefusesATruncatedSegmentThatOthersFollow) {
  Make(Durability::kSync, kSmallSegments, kRecordsOfThreeSegments);
  for (size_t length = 0; length + kAlignment < originals[0].size(); length += 64) {
    Restore();
    WriteBytes(paths[0], originals[0].substr(0, length));
    EXPECT_EQ(Start(), std::nullopt) << "length " << length;
  }
}

TEST_F(DamagedLog, RefusesAMissingSegment) {
  Make(Durability::kSync, kSmallSegments, kRecordsOfThreeSegments);
  ASSERT_EQ(paths.size(), 3);
  std::filesystem::remove(paths[1]);
  EXPECT_EQ(Start(), std::nullopt);
}

TEST_F(DamagedLog, TakesZeroedPagesForTornOnlyAtTheEnd) {
  Make(Durability::kSync);
  const std::vector<size_t> offsets = Offsets();
  for (Position record = 0; record < kRecords; ++record) {
    for (const bool to_the_end : {false, true}) {
      Restore();
      std::string bytes = originals[0];
      const size_t end = to_the_end ? bytes.size() : offsets[record + 1];
      std::fill(bytes.begin() + offsets[record], bytes.begin() + end, '\0');
      WriteBytes(paths[0], bytes);
      if (to_the_end || record + 1 == kRecords) {
        EXPECT_EQ(Start(), record);
        ExpectGoesOnAfter(record);
      } else {
        EXPECT_EQ(Start(), std::nullopt);
      }
    }
  }
}

TEST_F(DamagedLog, CutsRecordsThatWereNeverSyncedWhereTheFirstIsDamaged) {
  Make(Durability::kNone);
  const std::vector<size_t> offsets = Offsets();
  for (Position record = 0; record < kRecords; ++record) {
    Restore();
    std::string bytes = originals[0];
    bytes[offsets[record] + 100] ^= 1;  // a name, or what follows it
    bytes[offsets[record] + 10] ^= 1;   // the header
    WriteBytes(paths[0], bytes);
    EXPECT_EQ(Start(), record);
    ExpectGoesOnAfter(record);
  }
}

TEST_F(DamagedLog, SaysWhereItIsDamagedAndWhatWouldBeLost) {
  Make(Durability::kSync);
  std::string bytes = originals[0];
  bytes[Offsets()[1] + 200] ^= 1;
  WriteBytes(paths[0], bytes);
  const arrow::Status status = home.Reopen();
  EXPECT_THAT(status.message(), HasSubstr("00000000000000000001.journal"));
  EXPECT_THAT(status.message(), HasSubstr("at byte " + std::to_string(Offsets()[1])));
  EXPECT_THAT(status.message(), HasSubstr("record 2 would be lost"));
  EXPECT_THAT(status.message(),
              HasSubstr("pintail journal repair \"" + home.folder.native() + "\""));
}

TEST_F(DamagedLog, RefusesASegmentOfANewerVersionAndLeavesIt) {
  Make(Durability::kSync);
  const HeaderBytes header = Encode(SegmentHeader{.version = kVersion + 1, .first = 1});
  const std::string bytes =
      std::string(header.begin(), header.end()) + originals[0].substr(kHeaderBytes);
  WriteBytes(paths[0], bytes);
  const arrow::Status status = home.Reopen();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("newer version"));
  EXPECT_EQ(BytesOf(paths[0]), bytes);
}

TEST_F(DamagedLog, RefusesSegmentsOfAnotherJournal) {
  Make(Durability::kSync, kSmallSegments, kRecordsOfThreeSegments);
  JournalHome other;
  {
    auto journal = other.Open(kSmallSegments).ValueOrDie();
    for (Position i = 0; i < kRecordsOfThreeSegments; ++i) {
      ASSERT_TRUE(Append(*journal, RecordOf(JsonOf(i + 1))).ok());
    }
  }
  std::filesystem::copy_file(other.Segments()[1], paths[1],
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(Start(), std::nullopt);
}

TEST_F(DamagedLog, LeavesOtherFilesAloneAndRemovesUnfinishedSegments) {
  Make(Durability::kSync);
  WriteBytes(home.folder / "notes.txt", "mine");
  WriteBytes(home.folder / "00000000000000000009.journal.unfinished", "half");
  EXPECT_EQ(Start(), kRecords);
  EXPECT_EQ(BytesOf(home.folder / "notes.txt"), "mine");
  EXPECT_FALSE(
      std::filesystem::exists(home.folder / "00000000000000000009.journal.unfinished"));
}

// What the power's end may leave of a log of records of many sizes, not all of them
// synced: the end of the file is missing or zero, or a page of it is.
class PowerLoss : public DamagedLog {
 protected:
  static constexpr Position kMany = 28;
  static constexpr size_t kWindow = 64 << 10;

  static int64_t RowsOf(Position position) {
    return position % 6 == 0 ? 1'500 : static_cast<int64_t>(position) * 9;
  }

  void MakeMany(Journal::Options options) {
    auto journal = home.Open(options).ValueOrDie();
    for (Position position = 1; position <= kMany; ++position) {
      std::string json;
      for (int64_t i = 0; i < RowsOf(position); ++i) {
        json += (i == 0 ? "[" : ",") + std::to_string(position * 10'000 + i);
      }
      const auto durability = position % 3 == 0 ? Durability::kNone : Durability::kSync;
      ASSERT_EQ(Append(*journal, RecordOf(json + "]"), durability), position);
    }
    journal = nullptr;
    for (const auto& path : home.Segments()) {
      paths.push_back(path);
      originals.push_back(BytesOf(path));
    }
  }

  // How many records a start gives; nothing when it refuses, which changes nothing. Fails
  // the test when they are not the first so many.
  std::optional<Position> Given(const std::string& last_segment) {
    Restore();
    WriteBytes(paths.back(), last_segment);
    const arrow::Status status = home.Reopen();
    Position next = 1;
    for (const auto& [position, record] : home.replayed) {
      EXPECT_EQ(position, next++);
      const auto& batch = *record.batches.at(0);
      EXPECT_EQ(batch.num_rows(), RowsOf(position));
      const int64_t last = batch.num_rows() - 1;
      EXPECT_EQ(
          ValuesOf({.batches = {batch.Slice(last)}}),
          "[" + std::to_string(static_cast<int64_t>(position) * 10'000 + last) + "]");
    }
    if (status.ok()) return next - 1;
    EXPECT_EQ(base::KindOf(status), ErrorKind::kUnavailable);
    EXPECT_THAT(status.message(), HasSubstr("pintail journal repair"));
    for (size_t i = 0; i + 1 < paths.size(); ++i) {
      EXPECT_EQ(BytesOf(paths[i]), originals[i]);
    }
    EXPECT_EQ(BytesOf(paths.back()), last_segment);
    return std::nullopt;
  }
};

TEST_F(PowerLoss, AtTheEndLeavesEveryRecordBeforeIt) {
  for (const int64_t segment_bytes : {int64_t{64} << 20, int64_t{40} << 10}) {
    SCOPED_TRACE(segment_bytes);
    for (const auto& path : home.Segments()) std::filesystem::remove(path);
    paths.clear();
    originals.clear();
    MakeMany({.segment_bytes = segment_bytes});
    ASSERT_EQ(paths.size() > 1, segment_bytes < (1 << 20));
    const std::string& original = originals.back();
    const std::vector<size_t> offsets = Offsets(paths.size() - 1);
    const Position before = kMany - (offsets.size() - 1);
    // Where records begin, each byte; in their bodies one is like the other.
    const auto is_near_a_record = [&](size_t length) {
      return std::ranges::any_of(offsets, [length](size_t offset) {
        return length + kAlignment >= offset && length < offset + kHeaderBytes + 8;
      });
    };
    const size_t from = original.size() > kWindow ? original.size() - kWindow : 0;
    int refused = 0;
    for (size_t length = from; length <= original.size(); ++length) {
      if (length % 211 != 0 && (!is_near_a_record(length) || length % 5 > 1)) continue;
      Position whole = before;
      for (size_t i = 1; i < offsets.size(); ++i) whole += offsets[i] <= length;
      for (const bool keeps_its_size : {false, true}) {
        std::string bytes = original.substr(0, length);
        if (keeps_its_size) bytes.resize(original.size(), '\0');
        const auto given = Given(bytes);
        // Without its header a segment is damaged.
        ASSERT_EQ(given.has_value(), length >= kHeaderBytes) << length;
        refused += !given;
        if (!given) continue;
        EXPECT_GE(*given, whole) << length;
        EXPECT_LE(*given, whole + 1) << length;  // if only padding is missing
      }
    }
    EXPECT_EQ(refused > 0, from == 0);
  }
}

TEST_F(PowerLoss, OfAPageLeavesEveryRecordBeforeItOrIsRefused) {
  MakeMany({});
  const std::string& original = originals[0];
  const std::vector<size_t> offsets = Offsets();
  ASSERT_GT(original.size(), kWindow + kHeaderBytes);
  const auto bytes_of =
      std::span(reinterpret_cast<const uint8_t*>(original.data()), original.size());
  int refused = 0, cut = 0;
  for (const size_t page : {size_t{512}, size_t{4096}}) {
    for (size_t at = (original.size() - kWindow) / page * page; at < original.size();
         at += page) {
      std::string bytes = original;
      const size_t end = std::min(at + page, bytes.size());
      std::fill(bytes.begin() + at, bytes.begin() + end, '\0');
      const size_t changed = std::ranges::mismatch(bytes, original).in1 - bytes.begin();
      Position whole = 0;
      while (whole < kMany && offsets[whole + 1] <= changed) ++whole;
      // Whether a record that is left says that the first one that is lost was synced.
      bool is_named = false;
      for (Position i = whole + 1; i < kMany; ++i) {
        is_named |= offsets[i] >= end &&
                    ParseRecordHeader(bytes_of.subspan(offsets[i]))->synced > whole;
      }
      const auto given = Given(bytes);
      EXPECT_EQ(given, is_named ? std::nullopt : std::optional(whole))
          << page << " bytes at " << at;
      refused += is_named;
      cut += !is_named && whole < kMany;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(cut, 0);
}

// A column whose bytes are a record that claims to be synced far ahead must not make a
// torn end look like damage.
TEST(Journal, DoesNotTakeWhatAClientSentForARecord) {
  JournalHome home;
  const std::string names = "t";
  const HeaderBytes forged =
      Encode(RecordHeader{.position = 1000, .synced = 999, .table_bytes = 1}, names);
  std::string bytes(forged.begin(), forged.end());
  bytes += names;
  bytes.resize(64 * 200, 't');
  const auto array = std::make_shared<arrow::FixedSizeBinaryArray>(
      arrow::fixed_size_binary(static_cast<int32_t>(bytes.size())), 1,
      arrow::Buffer::FromString(bytes));
  const auto batch = columnar::testing::OneColumn(std::shared_ptr<arrow::Array>(array));
  {
    auto journal = home.Open().ValueOrDie();
    ASSERT_TRUE(Append(*journal, RecordOf("[1]")).ok());
    ASSERT_TRUE(
        Append(*journal, {.table = "t", .schema = batch->schema(), .batches = {batch}})
            .ok());
  }
  const auto path = home.Segments()[0];
  std::string file = BytesOf(path);
  const size_t at = file.find(std::string(forged.begin(), forged.end()));
  ASSERT_NE(at, std::string::npos);
  ASSERT_EQ(at % 64, 0);  // or it would not have been found anyway
  file[file.size() - 200] ^= 1;
  file[at + 5000] ^= 1;
  WriteBytes(path, file);
  ASSERT_TRUE(home.Reopen().ok());
  EXPECT_EQ(home.replayed.size(), 1);
}

}  // namespace
}  // namespace pintail::journal
