#include "cache/flights.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace pintail::cache {
namespace {

EntryPtr SomeEntry() { return std::make_shared<const Entry>(1, Filling{}); }

TEST(Flights, GiveWaitersWhatTheLeaderBrings) {
  Flights flights;
  Flights::Joined first = flights.Join("k");
  ASSERT_TRUE(first.lead);
  const Flights::Joined second = flights.Join("k");
  ASSERT_FALSE(second.lead);
  EXPECT_TRUE(flights.Join("other").lead);
  const EntryPtr entry = SomeEntry();
  std::vector<EntryPtr> got(8);
  {
    std::vector<std::jthread> waiters;
    for (EntryPtr& each : got) {
      waiters.emplace_back([&] { each = second.flight->Wait({})->entry; });
    }
    first.lead.Land({Flight::Outcome::kAnswered, entry});
  }
  for (const EntryPtr& each : got) EXPECT_EQ(each, entry);
  EXPECT_TRUE(flights.Join("k").lead) << "it has landed";
}

TEST(Flights, FailWhenTheirLeaderIsDropped) {
  Flights flights;
  std::shared_ptr<Flight> flight;
  {
    const Flights::Joined first = flights.Join("k");
    flight = flights.Join("k").flight;
  }
  EXPECT_EQ(flight->Wait({})->outcome, Flight::Outcome::kFailed);
  EXPECT_TRUE(flights.Join("k").lead);
}

TEST(Flights, LetACancelledWaiterGoAndNobodyElse) {
  Flights flights;
  Flights::Joined first = flights.Join("k");
  const auto flight = flights.Join("k").flight;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(flight->Wait(stop.get_token()).has_value());
  first.lead.Land({Flight::Outcome::kNotShared, nullptr});
  EXPECT_EQ(flight->Wait({})->outcome, Flight::Outcome::kNotShared);
}

TEST(Flights, AreLeftToThoseWhoJoinedBeforeAChange) {
  const engine::TableName table{.catalog = "pg", .schema = "public", .table = "t"};
  TableVersions versions("hot");
  Flights flights;
  Flights::Joined first = flights.Join("k");
  first.lead.SetVersions(versions.Note({table}));
  const auto before = flights.Join("k").flight;
  ASSERT_TRUE(before);
  versions.TableChanged(table);
  Flights::Joined after = flights.Join("k");
  EXPECT_TRUE(after.lead);
  // The old one lands for its own, and leaves the new one alone.
  first.lead.Land({Flight::Outcome::kAnswered, SomeEntry()});
  EXPECT_EQ(before->Wait({})->outcome, Flight::Outcome::kAnswered);
  EXPECT_TRUE(flights.Join("k").flight);
}

}  // namespace
}  // namespace pintail::cache
