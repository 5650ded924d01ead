#include "flight/session_directory.h"

#include <chrono>
#include <string>

#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

using std::chrono::minutes;

struct SessionDirectoryTest : testing::Test {
  std::string Cookie(const std::string& id) {
    return std::string(SessionDirectory::kCookie) + "=" + id;
  }

  // A call that ends at once.
  SessionDirectory::Place Find(const std::string& identity, std::string_view peer,
                               std::string_view cookies) {
    auto place = Begin(identity, peer, cookies);
    directory.EndCall(place.id);
    return place;
  }
  SessionDirectory::Place Begin(const std::string& identity, std::string_view peer,
                                std::string_view cookies) {
    return directory.BeginCall(
        {.identity = identity, .peer = peer, .cookies = cookies},
        [this](const std::string& id) { return id == known_elsewhere; });
  }

  std::string known_elsewhere;
  base::ManualClock clock;
  SessionDirectory directory{clock, minutes(30), 3};
};

TEST_F(SessionDirectoryTest, MeansTheConnectionWhileThereIsNoCookie) {
  const auto first = Find("", "ipv4:127.0.0.1:1", "");
  const auto again = Find("", "ipv4:127.0.0.1:1", "");
  const auto other = Find("", "ipv4:127.0.0.1:2", "");
  EXPECT_EQ(first.id, again.id);
  EXPECT_TRUE(again.set_cookie);
  EXPECT_NE(first.id, other.id);
  EXPECT_EQ(first.id.size(), 32u);
}

TEST_F(SessionDirectoryTest, FollowsACookieToAnotherConnection) {
  const auto first = Find("", "a", "");
  const auto moved = Find("", "b", "theme=dark; " + Cookie(first.id));
  EXPECT_EQ(moved.id, first.id);
  EXPECT_FALSE(moved.set_cookie);
}

TEST_F(SessionDirectoryTest, DoesNotTakeOverAnIdThatItDidNotHandOut) {
  const auto place = Find("", "a", Cookie("0123456789abcdef0123456789abcdef"));
  EXPECT_NE(place.id, "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(place.set_cookie);
}

TEST_F(SessionDirectoryTest, GivesANewIdAfterTheSessionWasClosed) {
  const auto first = Find("", "a", "");
  directory.Forget(first.id);
  EXPECT_NE(Find("", "a", "").id, first.id);
  EXPECT_NE(Find("", "a", Cookie(first.id)).id, first.id);
}

TEST_F(SessionDirectoryTest, ForgetsACookieThatIsIdleUnlessItsSessionLives) {
  const auto first = Find("", "a", "");
  Find("", "a", Cookie(first.id));
  const auto kept = Find("", "b", "");
  clock.Advance(minutes(40));
  EXPECT_EQ(Find("", "b", "").id, kept.id) << "its connection may be there still";
  known_elsewhere = first.id;
  const auto again = Find("", "c", Cookie(first.id));
  EXPECT_EQ(again.id, first.id);
  EXPECT_FALSE(again.set_cookie);
  known_elsewhere = "";
  clock.Advance(minutes(40));
  EXPECT_NE(Find("", "c", Cookie(first.id)).id, first.id);
}

TEST_F(SessionDirectoryTest, TakesOverNoKeyOfAnotherDoor) {
  known_elsewhere = "rest:mine";
  EXPECT_NE(Find("", "a", Cookie("rest:mine")).id, "rest:mine");
}

TEST_F(SessionDirectoryTest, NeverForgetsASessionInMidCall) {
  const auto made = Find("", "a", "");
  const auto first = Begin("", "a", Cookie(made.id));
  clock.Advance(minutes(40));
  Find("", "b", "");
  Find("", "c", "");
  Find("", "d", "");
  Find("", "e", "");
  EXPECT_TRUE(directory.TakeOrphans({"b", "c", "d", "e"}).empty());
  EXPECT_EQ(Find("", "f", Cookie(first.id)).id, first.id);
  directory.EndCall(first.id);
  clock.Advance(minutes(20));
  EXPECT_EQ(Find("", "f", Cookie(first.id)).id, first.id)
      << "it counts from a call's end";
}

TEST_F(SessionDirectoryTest, ForgetsTheLongestIdleWhenItIsFull) {
  const auto first = Find("", "a", "");
  clock.Advance(minutes(1));
  const auto second = Find("", "b", "");
  clock.Advance(minutes(1));
  Find("", "c", "");
  clock.Advance(minutes(1));
  Find("", "d", "");
  EXPECT_EQ(Find("", "b", "").id, second.id);
  EXPECT_NE(Find("", "a", "").id, first.id);
}

TEST_F(SessionDirectoryTest, AConnectionsSessionEndsWithIt) {
  const auto gone = Find("me", "a", "");
  const auto stays = Find("me", "b", "");
  const auto kept = Find("me", "c", "");
  Find("me", "c", Cookie(kept.id));
  EXPECT_TRUE(directory.TakeOrphans({"b"}).empty()) << "it may have come just now";
  clock.Advance(minutes(1));
  const auto orphans = directory.TakeOrphans({"b"});
  ASSERT_EQ(orphans.size(), 1u);
  EXPECT_EQ(orphans[0].id, gone.id);
  EXPECT_EQ(orphans[0].identity, "me");
  EXPECT_EQ(Find("me", "b", "").id, stays.id);
  EXPECT_EQ(Find("me", "d", Cookie(kept.id)).id, kept.id);
  EXPECT_NE(Find("me", "a", "").id, gone.id);
}

TEST(CookieValue, FindsTheCookieAmongOthers) {
  EXPECT_EQ(CookieValue("a=1; b=2;c=\"3\"", "a"), "1");
  EXPECT_EQ(CookieValue("a=1; b=2;c=\"3\"", "b"), "2");
  EXPECT_EQ(CookieValue("a=1; b=2;c=\"3\"", "c"), "3");
  EXPECT_EQ(CookieValue("a=1; b=2", "d"), "");
  EXPECT_EQ(CookieValue(";;=;a", "a"), "");
  EXPECT_EQ(CookieValue("", "a"), "");
}

}  // namespace
}  // namespace pintail::flight
