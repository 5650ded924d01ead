#include "catalog/streams.h"

#include "gtest/gtest.h"

namespace pintail::catalog {
namespace {

using std::chrono_literals::operator""s;

StreamDeclaration Declared(std::string name) {
  StreamDeclaration declaration;
  declaration.name = std::move(name);
  declaration.target = engine::TableName{.catalog = "", .schema = "s", .table = "t"};
  declaration.policy.chunk_rows = 7;
  return declaration;
}

TEST(Streams, FindsADeclaredStreamWithItsTargetAndPolicy) {
  const base::ManualClock clock;
  const Streams streams(clock, {}, {Declared("orders")});
  const StreamDeclaration found = streams.Find("orders");
  ASSERT_TRUE(found.target.has_value());
  EXPECT_EQ(found.target->table, "t");
  EXPECT_EQ(found.policy.chunk_rows, 7);
}

TEST(Streams, GivesAnUndeclaredStreamTheDefaultsAndNoTargetOfItsOwn) {
  const base::ManualClock clock;
  const Streams streams(clock, {.chunk_rows = 99}, {});
  const StreamDeclaration found = streams.Find("x\"; DROP TABLE y");
  EXPECT_EQ(found.name, "x\"; DROP TABLE y");
  EXPECT_FALSE(found.target.has_value());
  EXPECT_EQ(found.policy.chunk_rows, 99);
  EXPECT_TRUE(streams.List().empty());
}

TEST(Streams, AddsUpCommitsAndRemembersTheLastFailure) {
  base::ManualClock clock;
  Streams streams(clock, {}, {});
  const StreamDeclaration stream = streams.Find("s");
  streams.RecordCommit(stream, 10, 100);
  clock.Advance(5s);
  streams.RecordCommit(stream, 1, 8);
  streams.RecordFailure(stream, "the disk is full");
  const std::vector<StreamState> list = streams.List();
  ASSERT_EQ(list.size(), 1);
  EXPECT_EQ(list[0].rows, 11);
  EXPECT_EQ(list[0].bytes, 108);
  EXPECT_EQ(list[0].commits, 2);
  EXPECT_EQ(list[0].failures, 1);
  EXPECT_EQ(list[0].last_error, "the disk is full");
  EXPECT_EQ(list[0].last_commit, clock.WallNow());
}

TEST(Streams, ForgetsTheLeastRecentlyWrittenUndeclaredStreamPastTheBound) {
  const base::ManualClock clock;
  Streams streams(clock, {}, {Declared("declared")}, 2);
  for (const char* name : {"a", "b", "a", "c"}) {
    streams.RecordCommit(streams.Find(name), 1, 1);
  }
  std::vector<std::string> names;
  for (const StreamState& state : streams.List()) names.push_back(state.declaration.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "c", "declared"}));
}

}  // namespace
}  // namespace pintail::catalog
