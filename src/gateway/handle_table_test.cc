#include "gateway/handle_table.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using std::chrono_literals::operator""ms;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::World;

struct Thing final : Handled {
  using Handled::Handled;
};
using ThingPtr = std::shared_ptr<Thing>;

class HandleTableTest : public ::testing::Test {
 protected:
  // Time passes between any two steps.
  ThingPtr Insert(GivesWay gives_way) {
    world_.clock.Advance(1ms);
    auto thing = std::make_shared<Thing>("me", session_);
    gone_ = table_.Insert(thing, gives_way).ValueOrDie();
    return thing;
  }
  bool Find(const ThingPtr& thing, std::optional<GivesWay> becomes = std::nullopt) {
    world_.clock.Advance(1ms);
    return table_.Find(thing->handle, "me", becomes).ok();
  }
  void SetIdle(const ThingPtr& thing, GivesWay gives_way, int64_t weight = 0) {
    world_.clock.Advance(1ms);
    table_.SetIdle(*thing, gives_way, weight);
  }

  World world_;
  SessionPtr session_ = world_.Open();
  HandleTable<Thing> table_{world_.clock,
                            {.what = "thing", .option = "thing.max", .max = 4}};
  ThingPtr gone_;  // for the last one inserted
};

TEST_F(HandleTableTest, LetsTheFirstGiveWayBeforeTheLastAndTheLongestUnusedOfEach) {
  const ThingPtr last = Insert(GivesWay::kLast);
  const ThingPtr first = Insert(GivesWay::kFirst);
  const ThingPtr newer_first = Insert(GivesWay::kFirst);
  const ThingPtr newer_last = Insert(GivesWay::kLast);
  EXPECT_EQ(gone_, nullptr);
  EXPECT_TRUE(Find(first));
  EXPECT_TRUE(Find(last));
  Insert(GivesWay::kNever);
  EXPECT_EQ(gone_, newer_first);
  Insert(GivesWay::kNever);
  EXPECT_EQ(gone_, first);
  Insert(GivesWay::kNever);
  EXPECT_EQ(gone_, newer_last);
  Insert(GivesWay::kNever);
  EXPECT_EQ(gone_, last);
  const auto refused = table_.Insert(std::make_shared<Thing>("me", session_)).status();
  EXPECT_THAT(refused.message(), HasSubstr("thing.max"));
}

TEST_F(HandleTableTest, CountsTheEndOfAUseAsAUse) {
  const ThingPtr busy = Insert(GivesWay::kNever);
  const ThingPtr idle = Insert(GivesWay::kLast);
  SetIdle(busy, GivesWay::kLast);
  Insert(GivesWay::kNever);
  Insert(GivesWay::kNever);
  Insert(GivesWay::kNever);
  EXPECT_EQ(gone_, idle);
  Insert(GivesWay::kNever);
  EXPECT_EQ(gone_, busy);
}

TEST_F(HandleTableTest, LetsNothingInUseGiveWayHoweverItIsFound) {
  const ThingPtr busy = Insert(GivesWay::kNever);
  EXPECT_TRUE(Find(busy, GivesWay::kFirst));
  EXPECT_THAT(table_.TakeIdle(world_.clock.Now()), ElementsAre());
  for (int i = 0; i < 10; ++i) Insert(GivesWay::kLast);
  EXPECT_TRUE(Find(busy));
}

TEST_F(HandleTableTest, TakesDownToAWeightWhatWeighsButNotTheNewest) {
  const ThingPtr plain = Insert(GivesWay::kFirst);
  const ThingPtr unread = Insert(GivesWay::kNever);
  const ThingPtr fetched = Insert(GivesWay::kNever);
  const ThingPtr newest = Insert(GivesWay::kNever);
  SetIdle(unread, GivesWay::kLast, 10);
  SetIdle(fetched, GivesWay::kLast, 10);
  SetIdle(newest, GivesWay::kLast, 15);
  EXPECT_TRUE(Find(fetched, GivesWay::kFirst));
  EXPECT_EQ(table_.weight(), 35);
  EXPECT_THAT(table_.TakeDownTo(35, *newest, "went"), ElementsAre());
  EXPECT_THAT(table_.TakeDownTo(34, *newest, "went"), ElementsAre(fetched));
  EXPECT_THAT(table_.TakeDownTo(1, *newest, "went"), ElementsAre(unread));
  EXPECT_EQ(table_.weight(), 15);
  EXPECT_TRUE(Find(plain));
  EXPECT_THAT(table_.Find(unread->handle, "me").status().message(), HasSubstr("went"));
}

TEST_F(HandleTableTest, ForgetsTheWeightOfWhatIsTaken) {
  const ThingPtr taken = Insert(GivesWay::kNever);
  SetIdle(taken, GivesWay::kLast, 10);
  EXPECT_TRUE(table_.Take(taken->handle, "me").ok());
  SetIdle(taken, GivesWay::kLast, 20);
  EXPECT_EQ(table_.weight(), 0);
  EXPECT_EQ(table_.size(), 0);
}

TEST_F(HandleTableTest, TakesIdleOnesThatWereNotUsedSince) {
  const ThingPtr busy = Insert(GivesWay::kNever);
  const ThingPtr used = Insert(GivesWay::kFirst);
  const ThingPtr first = Insert(GivesWay::kFirst);
  const ThingPtr last = Insert(GivesWay::kLast);
  const auto since = world_.clock.Now();
  EXPECT_TRUE(Find(used));
  EXPECT_THAT(table_.TakeIdle(since), ElementsAre(first, last));
  EXPECT_THAT(table_.TakeIdle(since), ElementsAre());
  EXPECT_EQ(table_.size(), 2);
}

// What the order stands for: a look at every entry for the lowest of (gives way, used).
class EveryEntry {
 public:
  struct One {
    ThingPtr thing;
    GivesWay gives_way;
    base::Clock::Steady used;
    int64_t weight = 0;
  };

  ThingPtr TakeLowest(const Thing* kept = nullptr) {
    auto lowest = all.end();
    for (auto each = all.begin(); each != all.end(); ++each) {
      if (each->gives_way == GivesWay::kNever || each->thing.get() == kept) continue;
      if (kept && each->weight == 0) continue;
      if (lowest == all.end() || std::tie(each->gives_way, each->used) <
                                     std::tie(lowest->gives_way, lowest->used)) {
        lowest = each;
      }
    }
    if (lowest == all.end()) return nullptr;
    const ThingPtr thing = lowest->thing;
    all.erase(lowest);
    return thing;
  }
  std::vector<ThingPtr> TakeDownTo(int64_t max, const Thing& kept) {
    std::vector<ThingPtr> taken;
    while (weight() > max) {
      const ThingPtr next = TakeLowest(&kept);
      if (!next) break;
      taken.push_back(next);
    }
    return taken;
  }
  int64_t weight() const {
    int64_t sum = 0;
    for (const One& one : all) sum += one.weight;
    return sum;
  }

  std::vector<One> all;
};

TEST_F(HandleTableTest, LetsTheSameOnesGiveWayAsALookAtEveryEntry) {
  constexpr size_t kMax = 12;
  HandleTable<Thing> table(
      world_.clock, {.what = "thing", .option = "thing.max", .max = int64_t{kMax}});
  EveryEntry expected;
  std::mt19937 random(7);
  const auto below = [&](size_t bound) { return random() % bound; };
  int gave_way = 0;
  for (int step = 0; step < 20'000; ++step) {
    world_.clock.Advance(1ms);
    const auto now = world_.clock.Now();
    if (expected.all.empty() || below(3) == 0) {
      const auto gives_way = static_cast<GivesWay>(below(3));
      const auto thing = std::make_shared<Thing>("me", session_);
      const bool full = expected.all.size() >= kMax;
      const ThingPtr lowest = full ? expected.TakeLowest() : nullptr;
      const auto gone = table.Insert(thing, gives_way);
      ASSERT_EQ(gone.ok(), !full || lowest) << step;
      if (!gone.ok()) continue;
      ASSERT_EQ(*gone, lowest) << step;
      gave_way += full ? 1 : 0;
      expected.all.push_back({.thing = thing, .gives_way = gives_way, .used = now});
      continue;
    }
    auto& one = expected.all[below(expected.all.size())];
    const ThingPtr thing = one.thing;
    if (below(3) == 0) {
      one.gives_way = static_cast<GivesWay>(below(2));
      one.used = now;
      one.weight = static_cast<int64_t>(below(3) * 10);
      table.SetIdle(*thing, one.gives_way, one.weight);
      ASSERT_EQ(table.TakeDownTo(70, *thing, "went"), expected.TakeDownTo(70, *thing))
          << step;
    } else {
      one.used = now;
      if (one.gives_way != GivesWay::kNever) one.gives_way = GivesWay::kFirst;
      ASSERT_TRUE(table.Find(thing->handle, "me", GivesWay::kFirst).ok()) << step;
    }
    ASSERT_EQ(table.weight(), expected.weight()) << step;
  }
  EXPECT_GT(gave_way, 1'000);
}

}  // namespace
}  // namespace pintail::gateway
