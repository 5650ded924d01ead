#include "cli/journal_report.h"

#include "gmock/gmock.h"
#include "journal/testing/journal_home.h"

namespace pintail::cli {
namespace {

using journal::testing::Append;
using journal::testing::BytesOf;
using journal::testing::Disk;
using journal::testing::JournalHome;
using journal::testing::RecordOf;
using journal::testing::WriteBytes;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// Three records of two tables, in one segment.
class JournalReports : public ::testing::Test {
 protected:
  void SetUp() override {
    auto journal = home.Open().ValueOrDie();
    ASSERT_TRUE(Append(*journal, RecordOf("[1, 2]", "a")).ok());
    ASSERT_TRUE(Append(*journal, RecordOf("[3]", "tab\tle")).ok());
    ASSERT_TRUE(Append(*journal, RecordOf("[4]", "a")).ok());
    journal = nullptr;
    segment = home.Segments().at(0);
    record_bytes = (BytesOf(segment).size() - 64) / 3;
  }

  void Flip(size_t at) {
    std::string bytes = BytesOf(segment);
    bytes[at] = static_cast<char>(~bytes[at]);
    WriteBytes(segment, bytes);
  }

  CheckedJournal Checked() {
    CheckedJournal checked = {.folder = home.folder,
                              .found = journal::Check(home.folder).ValueOrDie(),
                              .repair = {}};
    if (checked.found.damage) {
      checked.repair = journal::PlanRepair(home.folder).ValueOrDie();
    }
    return checked;
  }

  JournalHome home{Disk::kMemory};
  std::filesystem::path segment;
  size_t record_bytes = 0;
};

TEST_F(JournalReports, TellWhatIsInASoundJournal) {
  const std::string text = CheckText(Checked());
  EXPECT_THAT(text, HasSubstr("journal   " + home.folder.native() + "\n"));
  EXPECT_THAT(text, HasSubstr("segments  1\n"));
  EXPECT_THAT(text, HasSubstr("records   3, positions 1 to 3, "));
  EXPECT_THAT(text, HasSubstr("\n  a        2 records, 3 rows, "));
  EXPECT_THAT(text, HasSubstr("\n  tab\\tle  1 record, 1 row, "));
  EXPECT_THAT(text, EndsWith("state     sound\n"));
}

TEST_F(JournalReports, TellThatATornEndWillBeCut) {
  WriteBytes(segment, BytesOf(segment) + "torn");
  EXPECT_THAT(CheckText(Checked()),
              HasSubstr("state     sound; a start cuts the last 4 bytes"));
  EXPECT_THAT(CheckJson(Checked()), HasSubstr(R"("sound":true)"));
  EXPECT_THAT(CheckJson(Checked()), HasSubstr(R"("torn_bytes":4)"));
}

TEST_F(JournalReports, TellWhereTheDamageIsAndWhatARepairDrops) {
  Flip(64 + record_bytes + 300);
  const std::string name = segment.filename().native();
  const std::string text = CheckText(Checked());
  EXPECT_THAT(text, HasSubstr("records   1 before the problem, position 1, "));
  EXPECT_THAT(text, HasSubstr("state     damaged; a start refuses\n"
                              "problem   a record that was acknowledged is damaged\n"
                              "where     byte " +
                              std::to_string(64 + record_bytes) + " of " + name + "\n"));
  EXPECT_THAT(
      text,
      EndsWith("a repair\n"
               "keeps     2 records\n"
               "drops     1 record (position 2)\n"
               "          1 of table tab\\tle; how many rows it had cannot be told\n"
               "changes   " +
               name +
               ": a record in it is damaged; 2 records left\n"
               "          the original will be kept as " +
               segment.native() + ".dropped\n"));
  EXPECT_THAT(DamageAdvice(Checked()),
              HasSubstr("`pintail journal repair \"" + home.folder.native() + "\"`"));
}

TEST_F(JournalReports, TellWhatCannotBeToldOfADroppedRecord) {
  Flip(64 + record_bytes + 10);
  EXPECT_THAT(
      CheckText(Checked()),
      HasSubstr("drops     1 record (position 2)\n          1 of unknown tables;"));
}

TEST_F(JournalReports, TellOfASegmentWithoutAReadableRecord) {
  WriteBytes(segment, std::string(200, 'x'));
  const std::string text = CheckText(Checked());
  EXPECT_THAT(text, HasSubstr("records   none before the problem\n"));
  EXPECT_THAT(text, HasSubstr("drops     all of " + segment.filename().native() +
                              ", in which no record of this journal can be read\n"));
}

TEST_F(JournalReports, TellWhatARepairHasDone) {
  Flip(64 + record_bytes + 300);
  const auto report = journal::Repair(home.folder, home.files).ValueOrDie();
  const std::string text = RepairedText(report);
  EXPECT_THAT(text, HasSubstr("kept      2 records\n"));
  EXPECT_THAT(text, HasSubstr("dropped   1 record (position 2)\n"));
  EXPECT_THAT(text,
              HasSubstr("the original is kept as " + segment.native() + ".dropped"));
  EXPECT_THAT(CheckText(Checked()), EndsWith("state     sound\n"));
}

TEST_F(JournalReports, AreJsonTooWithNullForWhatIsNotThere) {
  const std::string json = CheckJson(Checked());
  EXPECT_THAT(json, HasSubstr(R"("sound":true,"segments":1,"records":3,)"));
  EXPECT_THAT(json, HasSubstr(R"("first_position":1,"last_position":3,)"));
  EXPECT_THAT(json, HasSubstr(R"({"table":"tab\tle","records":1,"rows":1,)"));
  EXPECT_THAT(json, EndsWith(R"("damage":null,"repair":null})"));
}

TEST_F(JournalReports, AreJsonWithTheDamageAndTheRepair) {
  Flip(64 + record_bytes + 300);
  const std::string json = CheckJson(Checked());
  EXPECT_THAT(json, HasSubstr(R"("sound":false)"));
  EXPECT_THAT(json, HasSubstr(R"("damage":{"kind":"record",)"));
  EXPECT_THAT(json, HasSubstr(R"("segment":")" + segment.native() + R"(","offset":)" +
                              std::to_string(64 + record_bytes) +
                              R"(,"first_lost":2,"last_lost":2})"));
  EXPECT_THAT(json,
              HasSubstr(R"("repair":{"records_left":2,"lost":[{"first":2,"last":2}],)"
                        R"("lost_by_table":[{"table":"tab\tle","records":1}],)"));
  EXPECT_THAT(json, HasSubstr(R"("kept_as":")" + segment.native() + R"(.dropped")"));
}

TEST(JournalReport, OfANewerVersionHasNoRepair) {
  CheckedJournal checked = {.folder = "j", .found = {}, .repair = {}};
  checked.found.damage = journal::Damage{.kind = journal::Damage::Kind::kNewerVersion,
                                         .path = "j/1",
                                         .text = "it was written by a newer version"};
  EXPECT_THAT(CheckText(checked), HasSubstr("state     of a newer version"));
  EXPECT_THAT(CheckText(checked), Not(HasSubstr("a repair")));
  EXPECT_THAT(CheckJson(checked), HasSubstr(R"("kind":"newer_version")"));
  EXPECT_THAT(CheckJson(checked), HasSubstr(R"("first_lost":null)"));
  EXPECT_THAT(DamageAdvice(checked), HasSubstr("use that one"));
}

TEST(JournalReport, OfAFolderWithoutSegmentsSaysThatNoJournalIsThere) {
  EXPECT_EQ(CheckText({.folder = "j", .found = {}, .repair = {}}),
            "journal   j\nsegments  0\nrecords   none\n"
            "state     no journal is here; a start begins one\n");
}

}  // namespace
}  // namespace pintail::cli
