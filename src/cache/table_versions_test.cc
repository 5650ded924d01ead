#include "cache/table_versions.h"

#include "gtest/gtest.h"

namespace pintail::cache {
namespace {

const engine::TableName kOrders{.catalog = "pg", .schema = "public", .table = "orders"};
const engine::TableName kItems{.catalog = "pg", .schema = "public", .table = "items"};
const engine::TableName kLocal{.catalog = "hot", .schema = "main", .table = "m"};

TEST(TableVersions, MoveForTheTablesThatChanged) {
  TableVersions versions("hot");
  const Noted orders = versions.Note({kOrders});
  const Noted both = versions.Note({kOrders, kItems});
  versions.TableChanged(kItems);
  EXPECT_TRUE(orders.IsCurrent());
  EXPECT_FALSE(both.IsCurrent());
  versions.TableChanged(kOrders);
  EXPECT_FALSE(orders.IsCurrent());
  EXPECT_TRUE(versions.Note({kOrders}).IsCurrent());
}

TEST(TableVersions, CompareNamesWithoutRegardToCase) {
  TableVersions versions("hot");
  const Noted noted = versions.Note({kOrders});
  versions.TableChanged({.catalog = "PG", .schema = "Public", .table = "ORDERS"});
  EXPECT_FALSE(noted.IsCurrent());
}

TEST(TableVersions, KeepNamesWithDotsApart) {
  TableVersions versions("hot");
  const Noted noted = versions.Note({{.catalog = "a.b", .schema = "c", .table = "d"}});
  versions.TableChanged({.catalog = "a", .schema = "b.c", .table = "d"});
  EXPECT_TRUE(noted.IsCurrent());
}

TEST(TableVersions, OfADatabaseCountForAllOfItsTables) {
  TableVersions versions("hot");
  const Noted source = versions.Note({kOrders});
  const Noted other = versions.Note({{.catalog = "my", .schema = "s", .table = "t"}});
  versions.DatabaseChanged("PG");
  EXPECT_FALSE(source.IsCurrent());
  EXPECT_TRUE(other.IsCurrent());
}

TEST(TableVersions, OfLocalDefinitionsCountForEveryAnswer) {
  TableVersions versions("Hot");
  const Noted source = versions.Note({kOrders});
  versions.TableChanged(kLocal);
  EXPECT_TRUE(source.IsCurrent());
  versions.DatabaseChanged("hot");
  EXPECT_FALSE(source.IsCurrent());
}

TEST(TableVersions, OfEverythingCountForEveryAnswer) {
  TableVersions versions("hot");
  const Noted source = versions.Note({kOrders});
  versions.EverythingChanged();
  EXPECT_FALSE(source.IsCurrent());
}

TEST(TableVersions, StayTrueWhenTheyAreForgottenAtTheBound) {
  TableVersions versions("hot");
  const Noted noted = versions.Note({kOrders});
  for (size_t i = 0; i <= TableVersions::kMaxTables; ++i) {
    (void)versions.Note(
        {{.catalog = "pg", .schema = "public", .table = std::to_string(i)}});
  }
  versions.TableChanged(kOrders);
  EXPECT_FALSE(noted.IsCurrent());
}

}  // namespace
}  // namespace pintail::cache
