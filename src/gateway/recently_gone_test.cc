#include "gateway/recently_gone.h"

#include <string>

#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using Gone = RecentlyGone<std::string, std::string>;

std::string WhyOf(const Gone& gone, const std::string& key) {
  const std::string* why = gone.Find(key);
  return why ? *why : "unknown";
}

TEST(RecentlyGone, TellsWhyUntilItIsTakenOrForgotten) {
  Gone gone(3);
  gone.Remember("a", "expired");
  gone.Remember("b", "gave way");
  EXPECT_EQ(WhyOf(gone, "a"), "expired");
  EXPECT_EQ(gone.Take("a"), "expired");
  EXPECT_EQ(gone.Take("a"), std::nullopt);
  EXPECT_EQ(WhyOf(gone, "a"), "unknown");
  gone.Forget("b");
  gone.Forget("never was");
  EXPECT_EQ(WhyOf(gone, "b"), "unknown");
}

TEST(RecentlyGone, ForgetsTheLongestGoneAtTheBound) {
  Gone gone(2);
  gone.Remember("a", "1");
  gone.Remember("b", "2");
  gone.Remember("c", "3");
  EXPECT_EQ(WhyOf(gone, "a"), "unknown");
  EXPECT_EQ(WhyOf(gone, "b"), "2");
  EXPECT_EQ(WhyOf(gone, "c"), "3");
}

TEST(RecentlyGone, RemembersAKeyThatWasLostTwiceAsLongAsAnyOther) {
  Gone gone(3);
  gone.Remember("twice", "first");
  gone.Remember("b", "2");
  gone.Remember("twice", "second");
  gone.Remember("c", "3");
  EXPECT_EQ(WhyOf(gone, "twice"), "second");
  EXPECT_EQ(WhyOf(gone, "b"), "2");
  gone.Remember("d", "4");
  EXPECT_EQ(WhyOf(gone, "twice"), "second");
  EXPECT_EQ(WhyOf(gone, "b"), "unknown");
}

TEST(RecentlyGone, CountsNoPlaceForAKeyThatWasTaken) {
  Gone gone(2);
  gone.Remember("told", "first");
  EXPECT_EQ(gone.Take("told"), "first");
  gone.Remember("told", "second");
  gone.Remember("b", "2");
  EXPECT_EQ(WhyOf(gone, "told"), "second");
  EXPECT_EQ(WhyOf(gone, "b"), "2");
}

TEST(RecentlyGone, RemembersAtLeastOne) {
  Gone gone(0);
  gone.Remember("a", "1");
  EXPECT_EQ(WhyOf(gone, "a"), "1");
}

}  // namespace
}  // namespace pintail::gateway
