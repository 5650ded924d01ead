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

  base::ManualClock clock;
  SessionDirectory directory{clock, minutes(30), 3};
};

TEST_F(SessionDirectoryTest, MeansTheConnectionWhileThereIsNoCookie) {
  const auto first = directory.Find("", "ipv4:127.0.0.1:1", "");
  const auto again = directory.Find("", "ipv4:127.0.0.1:1", "");
  const auto other = directory.Find("", "ipv4:127.0.0.1:2", "");
  EXPECT_EQ(first.id, again.id);
  EXPECT_TRUE(again.set_cookie);
  EXPECT_NE(first.id, other.id);
  EXPECT_EQ(first.id.size(), 32u);
}

TEST_F(SessionDirectoryTest, FollowsACookieToAnotherConnection) {
  const auto first = directory.Find("", "a", "");
  const auto moved = directory.Find("", "b", "theme=dark; " + Cookie(first.id));
  EXPECT_EQ(moved.id, first.id);
  EXPECT_FALSE(moved.set_cookie);
}

TEST_F(SessionDirectoryTest, DoesNotTakeOverAnIdThatItDidNotHandOut) {
  const auto place = directory.Find("", "a", Cookie("0123456789abcdef0123456789abcdef"));
  EXPECT_NE(place.id, "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(place.set_cookie);
}

TEST_F(SessionDirectoryTest, GivesANewIdAfterTheSessionWasClosed) {
  const auto first = directory.Find("", "a", "");
  directory.Forget(first.id);
  EXPECT_NE(directory.Find("", "a", "").id, first.id);
  EXPECT_NE(directory.Find("", "a", Cookie(first.id)).id, first.id);
}

TEST_F(SessionDirectoryTest, ForgetsWhatIsIdle) {
  const auto first = directory.Find("", "a", "");
  clock.Advance(minutes(20));
  const auto kept = directory.Find("", "b", "");
  clock.Advance(minutes(20));
  EXPECT_EQ(directory.Find("", "b", "").id, kept.id);
  EXPECT_NE(directory.Find("", "a", "").id, first.id);
}

TEST_F(SessionDirectoryTest, ForgetsTheLongestIdleWhenItIsFull) {
  const auto first = directory.Find("", "a", "");
  clock.Advance(minutes(1));
  const auto second = directory.Find("", "b", "");
  clock.Advance(minutes(1));
  directory.Find("", "c", "");
  clock.Advance(minutes(1));
  directory.Find("", "d", "");
  EXPECT_EQ(directory.Find("", "b", "").id, second.id);
  EXPECT_NE(directory.Find("", "a", "").id, first.id);
}

TEST_F(SessionDirectoryTest, AConnectionsSessionEndsWithIt) {
  const auto gone = directory.Find("me", "a", "");
  const auto stays = directory.Find("me", "b", "");
  const auto kept = directory.Find("me", "c", "");
  directory.Find("me", "c", Cookie(kept.id));
  EXPECT_TRUE(directory.TakeOrphans({"b"}).empty()) << "it may have come just now";
  clock.Advance(minutes(1));
  const auto orphans = directory.TakeOrphans({"b"});
  ASSERT_EQ(orphans.size(), 1u);
  EXPECT_EQ(orphans[0].id, gone.id);
  EXPECT_EQ(orphans[0].identity, "me");
  EXPECT_EQ(directory.Find("me", "b", "").id, stays.id);
  EXPECT_EQ(directory.Find("me", "d", Cookie(kept.id)).id, kept.id);
  EXPECT_NE(directory.Find("me", "a", "").id, gone.id);
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
