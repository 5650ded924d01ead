#include "cache/answers.h"

#include <thread>

#include "arrow/array.h"
#include "arrow/builder.h"
#include "gtest/gtest.h"

namespace pintail::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const engine::TableName kTable{.catalog = "pg", .schema = "public", .table = "t"};

AnswerPtr Numbers(int64_t rows) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(builder.Append(i).ok());
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  return *Answer::Encode(schema,
                         {arrow::RecordBatch::Make(schema, rows, {*builder.Finish()})});
}

class AnswersTest : public ::testing::Test {
 protected:
  void Make(AnswersOptions options) {
    answers_ = std::make_unique<Answers>(
        Answers::Ground{.clock = clock_, .metrics = metrics_}, options);
  }
  void SetUp() override { Make({}); }

  Filling Fill(const std::string& key, int64_t rows = 10,
               milliseconds cost = seconds(1)) {
    return {.key = key,
            .query = key,
            .answer = Numbers(rows),
            .tables = {kTable},
            .versions = versions_.Note({kTable}),
            .cost = cost,
            .filled_at = clock_.Now(),
            .filled_wall = clock_.WallNow(),
            .ttl = answers_->options().ttl,
            .kept_for = answers_->options().ttl};
  }
  bool Has(std::string_view key, const Wish& wish = {}) {
    return answers_->Find(key, wish).entry != nullptr;
  }

  base::ManualClock clock_;
  base::Metrics metrics_{"pintail"};
  TableVersions versions_{"hot"};
  std::unique_ptr<Answers> answers_;
};

TEST_F(AnswersTest, AreFoundByKeyAndByAlias) {
  const EntryPtr entry = answers_->Keep(Fill("k"), "exact");
  EXPECT_EQ(answers_->Find("k", {}).entry, entry);
  EXPECT_EQ(answers_->Find("exact", {}).entry, entry);
  EXPECT_FALSE(Has("other"));
  answers_->AddAlias(entry, "other");
  EXPECT_TRUE(Has("other"));
}

TEST_F(AnswersTest, HaveOnlySoManyAliases) {
  const EntryPtr entry = answers_->Keep(Fill("k"), "alias");
  for (int i = 0; i < 100; ++i) answers_->AddAlias(entry, "alias" + std::to_string(i));
  EXPECT_TRUE(Has("k"));
  EXPECT_TRUE(Has("alias99"));
  EXPECT_FALSE(Has("alias"));
}

TEST_F(AnswersTest, AreGoodForTheirTimeToLive) {
  answers_->Keep(Fill("k"), "");
  clock_.Advance(seconds(60));
  EXPECT_TRUE(Has("k"));
  clock_.Advance(milliseconds(1));
  EXPECT_FALSE(Has("k"));
  EXPECT_TRUE(Has("k", {.ttl = seconds(90)}));
  EXPECT_FALSE(Has("k", {.ttl = seconds(90), .max_age = seconds(30)}));
}

TEST_F(AnswersTest, OfTheTimeAreGoodForNoLongerWhateverIsWished) {
  Filling filling = Fill("k");
  filling.depends_on_time = true;
  answers_->Keep(std::move(filling), "");
  clock_.Advance(seconds(60));
  EXPECT_TRUE(Has("k", {.ttl = seconds(90)}));
  clock_.Advance(milliseconds(1));
  EXPECT_FALSE(Has("k", {.ttl = seconds(90)}));
}

TEST_F(AnswersTest, AreServedStaleToThoseWhoAllowIt) {
  answers_->Keep(Fill("k"), "");
  clock_.Advance(seconds(70));
  EXPECT_FALSE(Has("k", {.max_stale = seconds(9)}));
  const auto found = answers_->Find("k", {.max_stale = seconds(10)});
  ASSERT_TRUE(found.entry);
  EXPECT_TRUE(found.stale);
  EXPECT_FALSE(found.refresh);
  EXPECT_EQ(found.age, seconds(70));
}

TEST_F(AnswersTest, AreServedStaleWhileOneCallerMakesThemAnew) {
  Make({.stale_while_revalidate = seconds(30)});
  answers_->Keep(Fill("k"), "");
  clock_.Advance(seconds(80));
  EXPECT_TRUE(answers_->Find("k", {}).refresh);
  const auto second = answers_->Find("k", {});
  EXPECT_TRUE(second.stale);
  EXPECT_FALSE(second.refresh);
  EXPECT_FALSE(Has("k", {.max_age = seconds(60)}));
  second.entry->EndRefresh();
  EXPECT_TRUE(answers_->Find("k", {}).refresh);
  clock_.Advance(seconds(11));
  EXPECT_FALSE(Has("k"));
}

TEST_F(AnswersTest, AreGoneWhenTheirTablesHaveChanged) {
  Make({.stale_while_revalidate = seconds(30)});
  answers_->Keep(Fill("k"), "exact");
  versions_.TableChanged(kTable);
  EXPECT_FALSE(Has("exact", {.max_stale = seconds(1'000)}));
  EXPECT_EQ(answers_->entries(), 0);
}

TEST_F(AnswersTest, AreNotKeptWhenTheirTablesChangedWhileTheyWereMade) {
  Filling filling = Fill("k");
  versions_.TableChanged(kTable);
  EXPECT_TRUE(answers_->Keep(std::move(filling), ""));
  EXPECT_FALSE(Has("k"));
}

TEST_F(AnswersTest, AreKeptOnlyWhenTheyCostEnough) {
  Make({.min_cost = milliseconds(5)});
  answers_->Keep(Fill("cheap", 10, milliseconds(4)), "");
  answers_->Keep(Fill("dear", 10, milliseconds(5)), "");
  EXPECT_FALSE(Has("cheap"));
  EXPECT_TRUE(Has("dear"));
}

TEST_F(AnswersTest, AreKeptOnlyWhenTheyAreSmallEnough) {
  Make({.max_answer_bytes = 10'000});
  answers_->Keep(Fill("large", 2'000), "");
  answers_->Keep(Fill("small", 500), "");
  EXPECT_FALSE(Has("large"));
  EXPECT_TRUE(Has("small"));
}

TEST_F(AnswersTest, KeepWithinTheirBounds) {
  for (const auto kind :
       {EvictionKind::kLru, EvictionKind::kLfu, EvictionKind::kTinyLfu}) {
    Make({.max_bytes = 100'000, .max_entries = 20, .eviction = kind});
    for (int i = 0; i < 200; ++i) {
      answers_->Keep(Fill("k" + std::to_string(i), i * 10), "a" + std::to_string(i));
      ASSERT_LE(answers_->bytes(), 100'000);
      ASSERT_LE(answers_->entries(), 20);
    }
    EXPECT_GT(answers_->entries(), 0);
  }
}

TEST_F(AnswersTest, GoLeastRecentlyUsedFirst) {
  Make({.max_entries = 2, .eviction = EvictionKind::kLru});
  answers_->Keep(Fill("a"), "");
  answers_->Keep(Fill("b"), "");
  EXPECT_TRUE(Has("a"));
  answers_->Keep(Fill("c"), "");
  EXPECT_TRUE(Has("a"));
  EXPECT_FALSE(Has("b"));
}

TEST_F(AnswersTest, ReplaceOlderOnesOfTheirKey) {
  answers_->Keep(Fill("k", 1), "exact");
  answers_->Keep(Fill("k", 2), "exact");
  EXPECT_EQ(answers_->Find("exact", {}).entry->answer()->rows(), 2);
  EXPECT_EQ(answers_->entries(), 1);
}

TEST_F(AnswersTest, AreSweptOnceTheyAreOfNoUseToAnybody) {
  answers_->Keep(Fill("k"), "");
  clock_.Advance(seconds(120));
  answers_->Sweep();
  EXPECT_EQ(answers_->entries(), 1);
  clock_.Advance(milliseconds(1));
  answers_->Sweep();
  EXPECT_EQ(answers_->entries(), 0);
  answers_->Keep(Fill("k"), "");
  versions_.EverythingChanged();
  answers_->Sweep();
  EXPECT_EQ(answers_->bytes(), 0);
}

TEST_F(AnswersTest, AreClearedByTable) {
  answers_->Keep(Fill("k"), "");
  EXPECT_EQ(answers_->ClearIf([](const auto& table) { return table.table == "u"; }), 0);
  EXPECT_EQ(answers_->ClearIf([](const auto& table) { return table == kTable; }), 1);
  answers_->Keep(Fill("k"), "");
  EXPECT_EQ(answers_->Clear(), 1);
  EXPECT_FALSE(Has("k"));
}

TEST_F(AnswersTest, CountWhatTheyServe) {
  answers_->Keep(Fill("k"), "");
  const auto found = answers_->Find("k", {});
  answers_->Served(found);
  EXPECT_EQ(found.entry->hits(), 1);
  const std::string figures = metrics_.Render();
  EXPECT_NE(figures.find("pintail_cache_hits_total 1"), figures.npos) << figures;
  EXPECT_NE(figures.find("pintail_cache_saved_seconds_total 1"), figures.npos);
}

TEST_F(AnswersTest, StandManyThreads) {
  Make({.max_bytes = 200'000, .max_entries = 50});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 2'000; ++i) {
        const std::string key = "k" + std::to_string((i * 7 + t) % 90);
        auto found = answers_->Find(key, {});
        if (found.entry) {
          EXPECT_EQ(found.entry->filling().key, key);
          answers_->Served(found);
        } else {
          answers_->Keep(Fill(key, 5), key + "!");
        }
        if (i % 400 == 0) versions_.TableChanged(kTable);
        if (i % 500 == 0) answers_->Sweep();
      }
    });
  }
  threads.clear();
  EXPECT_LE(answers_->entries(), 50);
  answers_->Clear();
  EXPECT_EQ(answers_->bytes(), 0);
}

}  // namespace
}  // namespace pintail::cache
