#include "cli/completer.h"

#include "gmock/gmock.h"

namespace pintail::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Completer, AddsTheRestOfAWordThatIsTheOnlyOne) {
  Completer completer;
  completer.SetNames({"weather", "wind_speed"});
  EXPECT_EQ(completer.Complete("SELECT * FROM wea").insert, "ther ");
  EXPECT_EQ(completer.Complete("sel").insert, "ect ");
  EXPECT_EQ(completer.Complete("SEL").insert, "ECT ");
  EXPECT_EQ(completer.Complete(".sch").insert, "ema ");
}

TEST(Completer, AddsWhatAllWordsHaveInCommon) {
  Completer completer;
  completer.SetNames({"click_id", "click_time"});
  const auto completions = completer.Complete("SELECT cl");
  EXPECT_EQ(completions.insert, "ick_");
  EXPECT_THAT(completions.words, ElementsAre("click_id", "click_time"));
}

TEST(Completer, OffersOnlyNamesAfterADot) {
  Completer completer;
  completer.SetNames({"fromage"});
  EXPECT_THAT(completer.Complete("SELECT t.fro").words, ElementsAre("fromage"));
  EXPECT_THAT(completer.Complete("SELECT fro").words, ElementsAre("from", "fromage"));
}

TEST(Completer, GoesOnAfterASchemaAndAFunction) {
  Completer completer;
  completer.SetNames({"pintail.", "array_distance(", "array_size"});
  EXPECT_EQ(completer.Complete("FROM pint").insert, "ail.");
  EXPECT_EQ(completer.Complete("SELECT array_d").insert, "istance(");
  EXPECT_THAT(completer.Complete("SELECT t.arr").words, ElementsAre("array_size"));
}

TEST(Completer, OffersNothingForNothing) {
  EXPECT_THAT(Completer().Complete("").words, IsEmpty());
  EXPECT_THAT(Completer().Complete("SELECT ").words, IsEmpty());
  EXPECT_THAT(Completer().Complete("zzz").words, IsEmpty());
  EXPECT_THAT(Completer().Complete(".t").words, Contains(".tables"));
}

}  // namespace
}  // namespace pintail::cli
