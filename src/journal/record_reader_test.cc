#include "journal/record_reader.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "journal/testing/journal_home.h"

namespace pintail::journal {
namespace {

using testing::Append;
using testing::JournalHome;
using testing::RecordOf;
using testing::ValuesOf;

RecordReader::Wanted Of(const std::string& table) {
  return [table](std::string_view name) { return name == table; };
}

// The values of all records of the table up to a position, with their positions.
std::string ReadAll(RecordReader& reader, const std::string& table, Position up_to) {
  std::string all;
  while (true) {
    const auto found = reader.Next(Of(table), up_to);
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok() || !*found) return all;
    all += std::to_string((*found)->position) + ValuesOf((*found)->record);
  }
}

Journal::Options Small() { return {.segment_bytes = 4096, .max_bytes = 1 << 20}; }

TEST(RecordReader, GivesTheRecordsOfOneTableUpToAPosition) {
  JournalHome home;
  const auto journal = home.Open().ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]", "a")).ok());
  ASSERT_TRUE(Append(*journal, RecordOf("[2]", "b")).ok());
  ASSERT_TRUE(Append(*journal, RecordOf("[3]", "a")).ok());
  ASSERT_TRUE(Append(*journal, RecordOf("[4]", "a")).ok());
  RecordReader reader(home.folder);
  EXPECT_EQ(ReadAll(reader, "a", 3), "1[1]3[3]");
  EXPECT_EQ(ReadAll(reader, "a", 4), "4[4]");
  EXPECT_EQ(ReadAll(reader, "a", 4), "");
  reader.Seek(1);
  EXPECT_EQ(ReadAll(reader, "a", 4), "3[3]4[4]");
  reader.Seek(0);
  EXPECT_EQ(ReadAll(reader, "b", 4), "2[2]");
}

TEST(RecordReader, FollowsTheJournalThroughItsSegments) {
  JournalHome home;
  const auto journal = home.Open(Small()).ValueOrDie();
  RecordReader reader(home.folder);
  std::string expected;
  std::string read;
  for (int i = 1; i <= 200; ++i) {
    const std::string values = "[" + std::to_string(i) + "]";
    ASSERT_TRUE(Append(*journal, RecordOf(values, "a")).ok());
    expected += std::to_string(i) + values;
    if (i % 7 == 0) read += ReadAll(reader, "a", i);
  }
  read += ReadAll(reader, "a", 200);
  EXPECT_GT(home.Segments().size(), 5U);
  EXPECT_EQ(read, expected);
}

TEST(RecordReader, BeginsWhereSegmentsWereRemoved) {
  JournalHome home;
  {
    const auto journal = home.Open(Small()).ValueOrDie();
    for (int i = 1; i <= 100; ++i) {
      ASSERT_TRUE(Append(*journal, RecordOf("[" + std::to_string(i) + "]", "a")).ok());
    }
    journal->Release(50);
    journal->Stop();
    RecordReader reader(home.folder);
    reader.Seek(50);
    const auto found = reader.Next(Of("a"), 100).ValueOrDie();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->position, 51U);
  }
  // With another reader, after a new start, from in between.
  const auto journal = home.Open(Small()).ValueOrDie();
  RecordReader reader(home.folder);
  reader.Seek(97);
  EXPECT_EQ(ReadAll(reader, "a", 100), "98[98]99[99]100[100]");
  ASSERT_TRUE(Append(*journal, RecordOf("[7]", "a")).ok());
  EXPECT_EQ(ReadAll(reader, "a", 101), "101[7]");
}

TEST(RecordReader, SaysWhenARecordIsDamaged) {
  JournalHome home;
  const auto journal = home.Open().ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1, 2, 3]", "a")).ok());
  journal->Stop();
  const auto path = home.Segments().at(0);
  std::string bytes = testing::BytesOf(path);
  bytes[bytes.size() - 100] ^= 1;
  testing::WriteBytes(path, bytes);
  RecordReader reader(home.folder);
  EXPECT_THAT(reader.Next(Of("a"), 1).status().message(),
              ::testing::HasSubstr("damaged"));
}

TEST(RecordReader, AJournalKeepsItsIdentityAndAnotherHasAnother) {
  JournalHome home;
  JournalHome other;
  std::string identity;
  {
    const auto journal = home.Open().ValueOrDie();
    ASSERT_TRUE(Append(*journal, RecordOf("[1]", "a")).ok());
    identity = IdentityOf(home.folder).ValueOrDie();
    EXPECT_EQ(identity.size(), 10U);
  }
  ASSERT_TRUE(home.Reopen().ok());
  EXPECT_EQ(IdentityOf(home.folder).ValueOrDie(), identity);
  const auto journal = other.Open().ValueOrDie();
  ASSERT_TRUE(Append(*journal, RecordOf("[1]", "a")).ok());
  EXPECT_NE(IdentityOf(other.folder).ValueOrDie(), identity);
}

}  // namespace
}  // namespace pintail::journal
