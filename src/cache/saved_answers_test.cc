#include "cache/saved_answers.h"

#include <filesystem>
#include <fstream>

#include "arrow/json/from_string.h"
#include "arrow/table.h"
#include "gtest/gtest.h"

namespace pintail::cache {
namespace {

using std::chrono::seconds;

class SavedAnswersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/saved_answers_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/answers";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  EntryPtr Make(const std::string& key) {
    const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
    const auto array = arrow::json::ArrayFromJSONString(arrow::int64(), "[1, null, 3]");
    return std::make_shared<const Entry>(
        number_++, Filling{.key = key,
                           .query = "SELECT " + key,
                           .answer = *Answer::Encode(
                               schema, {arrow::RecordBatch::Make(schema, 3, {*array})}),
                           .tables = {{.catalog = "pg", .schema = "public", .table = "t"},
                                      {.catalog = "hot", .schema = "main", .table = "u"}},
                           .cost = seconds(2),
                           .filled_at = clock_.Now(),
                           .filled_wall = clock_.WallNow(),
                           .ttl = seconds(60),
                           .kept_for = seconds(90)});
  }
  void Save(const std::vector<EntryPtr>& entries) {
    const auto saved = SaveAnswers(path_, "stamp", entries);
    ASSERT_TRUE(saved.ok()) << saved;
  }
  bool IsThere() const { return std::filesystem::exists(path_); }

  base::ManualClock clock_;
  uint64_t number_ = 1;
  std::string folder_;
  std::string path_;
};

TEST_F(SavedAnswersTest, ComeBackWithTheirAge) {
  const std::string key("k\0\xff", 3);
  Save({Make(key), Make("other")});
  clock_.Advance(seconds(10));
  const auto taken = TakeAnswers(path_, "stamp", clock_);
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_EQ(taken->size(), 2U);
  const Filling& filling = taken->front();
  EXPECT_EQ(filling.key, key);
  EXPECT_EQ(filling.query, "SELECT " + key);
  ASSERT_EQ(filling.tables.size(), 2U);
  EXPECT_EQ(filling.tables[1].schema, "main");
  EXPECT_EQ(filling.cost, seconds(2));
  EXPECT_EQ(clock_.Now() - filling.filled_at, seconds(10));
  EXPECT_EQ(filling.ttl, seconds(60));
  EXPECT_EQ(filling.kept_for, seconds(90));
  EXPECT_EQ(filling.answer->rows(), 3);
}

TEST_F(SavedAnswersTest, AreTakenOnce) {
  Save({Make("k")});
  EXPECT_EQ(TakeAnswers(path_, "stamp", clock_)->size(), 1U);
  EXPECT_FALSE(IsThere());
  EXPECT_TRUE(TakeAnswers(path_, "stamp", clock_)->empty());
}

TEST_F(SavedAnswersTest, OfAnotherStampAreForgotten) {
  Save({Make("k")});
  EXPECT_TRUE(TakeAnswers(path_, "another", clock_)->empty());
  EXPECT_FALSE(IsThere());
}

TEST_F(SavedAnswersTest, OfTheFutureAreForgotten) {
  clock_.Advance(seconds(100));
  Save({Make("k")});
  base::ManualClock earlier;
  EXPECT_TRUE(TakeAnswers(path_, "stamp", earlier)->empty());
}

TEST_F(SavedAnswersTest, ThatAreDamagedAreAnErrorAndGone) {
  Save({Make("k"), Make("l")});
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 300);
  EXPECT_FALSE(TakeAnswers(path_, "stamp", clock_).ok());
  EXPECT_FALSE(IsThere());
  std::ofstream(path_) << "this is no file of answers, whatever it says";
  EXPECT_FALSE(TakeAnswers(path_, "stamp", clock_).ok());
  EXPECT_FALSE(IsThere());
}

}  // namespace
}  // namespace pintail::cache
