#include "engine/system_views.h"

#include <gtest/gtest.h>

#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::TemporaryFolder;
using testing::Value;

const auto kSchema = arrow::schema(
    {arrow::field("name", arrow::utf8()), arrow::field("rows", arrow::int64())});

void AddStreams(Database& database) {
  ASSERT_TRUE(database
                  .AddSystemView(
                      "streams", kSchema,
                      [] { return testing::Batch(kSchema, R"([["a", 1], ["b", 2]])"); })
                  .ok());
}

TEST(SystemViews, AreReadFromAnyConnection) {
  auto database = testing::OpenInMemory();
  AddStreams(*database);
  auto connection = Value(database->Connect());
  EXPECT_EQ(Cell(*connection, "SELECT sum(rows) FROM pintail.streams"), "3");
  EXPECT_EQ(Cell(*connection, "SELECT rows FROM pintail.streams WHERE name = 'b'"), "2");
  EXPECT_EQ(Cell(*connection,
                 "SELECT count(*) FROM pintail.streams x JOIN "
                 "pintail.streams y USING (name)"),
            "2");
  EXPECT_EQ(Cell(*connection, "SELECT streams.rows FROM Pintail.Streams LIMIT 1"), "1");
}

TEST(SystemViews, ShowTheRowsOfTheMomentTheyAreRead) {
  auto database = testing::OpenInMemory();
  auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  auto count = std::make_shared<int>(0);
  ASSERT_TRUE(database
                  ->AddSystemView("calls", schema,
                                  [=] {
                                    return testing::Batch(
                                        schema, "[[" + std::to_string(++*count) + "]]");
                                  })
                  .ok());
  auto connection = Value(database->Connect());
  auto prepared = testing::Prepare(*connection, "SELECT n FROM pintail.calls");
  for (int i = 1; i <= 2; ++i) {
    auto rows = Value(Value(prepared->Execute({}, {}))->ToTable());
    EXPECT_EQ(Value(rows->column(0)->GetScalar(0))->ToString(), std::to_string(i));
  }
}

TEST(SystemViews, AreFoundWithAnyDefaultSchema) {
  auto database = testing::OpenInMemory();
  AddStreams(*database);
  auto connection = Value(database->Connect());
  ASSERT_TRUE(Execute(*connection, "CREATE SCHEMA own; USE own").ok());
  EXPECT_EQ(Cell(*connection, "SELECT count(*) FROM pintail.streams"), "2");
  ASSERT_TRUE(Execute(*connection, "ATTACH ':memory:' AS other; USE other").ok());
  EXPECT_EQ(Cell(*connection, "SELECT count(*) FROM pintail.streams"), "2");
}

TEST(SystemViews, AreListedInTheCatalog) {
  auto database = testing::OpenInMemory();
  AddStreams(*database);
  auto connection = Value(database->Connect());
  EXPECT_EQ(Cell(*connection,
                 "SELECT count(*) FROM duckdb_views() WHERE "
                 "schema_name = 'pintail' AND view_name = 'streams'"),
            "1");
  EXPECT_EQ(Cell(*connection,
                 "SELECT count(*) FROM duckdb_columns() WHERE "
                 "schema_name = 'pintail' AND table_name = 'streams'"),
            "2");
}

TEST(SystemViews, LeaveNothingInTheFileWhateverItIsCalled) {
  TemporaryFolder folder;
  for (const char* name : {"data.duckdb", "pintail.duckdb"}) {
    auto open = [&] { return Value(Database::Open({.path = folder.File(name)})); };
    {
      auto database = open();
      AddStreams(*database);
      auto connection = Value(database->Connect());
      EXPECT_EQ(Cell(*connection, "SELECT count(*) FROM pintail.streams"), "2") << name;
      ASSERT_TRUE(Execute(*connection, "CREATE TABLE main.t (i INTEGER)").ok());
    }
    auto database = open();
    auto connection = Value(database->Connect());
    EXPECT_EQ(Cell(*connection,
                   "SELECT count(*) FROM duckdb_views() WHERE "
                   "view_name = 'streams'"),
              "0")
        << name;
  }
}

TEST(SystemViews, CannotBeWrittenOrAddedTwice) {
  auto database = testing::OpenInMemory();
  AddStreams(*database);
  auto connection = Value(database->Connect());
  EXPECT_FALSE(Execute(*connection, "INSERT INTO pintail.streams VALUES ('x', 1)").ok());
  EXPECT_FALSE(Execute(*connection, "DROP VIEW system.pintail.streams").ok());
  auto again = database->AddSystemView("Streams", kSchema,
                                       [] { return testing::Batch(kSchema, "[]"); });
  EXPECT_EQ(KindOfFailure(again), ErrorKind::kAlreadyExists);
}

TEST(SystemViews, AnErrorOfTheServerIsTheStatementsError) {
  auto database = testing::OpenInMemory();
  ASSERT_TRUE(
      database
          ->AddSystemView("broken", kSchema,
                          []() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
                            return arrow::Status::Invalid("not today");
                          })
          .ok());
  auto connection = Value(database->Connect());
  auto status = Execute(*connection, "SELECT * FROM pintail.broken");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("not today"), std::string::npos);
}

}  // namespace
}  // namespace pintail::engine
