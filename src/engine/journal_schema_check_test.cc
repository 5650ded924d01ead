// The schema pintail_journal is the server's: clients read it and change nothing in it.
#include "engine/journal_schema_check.h"

#include <gtest/gtest.h>

#include "engine/tails.h"
#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::Prepare;
using testing::Value;

class JournalSchemaCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Value(database_->tails().OpenPositions());
    Value(database_->tails().OpenPuts({}, /*most=*/1));
  }

  void Do(const std::string& sql) {
    const auto status = Execute(*connection_, sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status;
  }
  void ExpectRefused(const arrow::Status& status, const std::string& what) {
    EXPECT_EQ(base::KindOf(status), ErrorKind::kPermissionDenied) << what << status;
    EXPECT_NE(status.message().find("only the server changes it"), std::string::npos)
        << what << status;
  }
  void ExpectRefused(const std::string& sql) {
    ExpectRefused(Execute(*connection_, sql), sql + ": ");
  }
  // What is in the schema, and which columns it has.
  std::string Inside() {
    return Cell(*connection_,
                "SELECT concat((SELECT string_agg(table_name || '.' || column_name, ' ' "
                "ORDER BY table_name, column_index) FROM duckdb_columns() WHERE "
                "schema_name = 'pintail_journal' AND database_name = 'memory'), "
                "(SELECT count(*) FROM memory.pintail_journal.positions), "
                "(SELECT count(*) FROM duckdb_indexes()))");
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(JournalSchemaCheckTest, RefusesWhatNamesTheSchema) {
  const std::string before = Inside();
  for (const char* sql :
       {"DROP SCHEMA pintail_journal CASCADE",
        "DROP SCHEMA memory.pintail_journal CASCADE",
        "CREATE SCHEMA IF NOT EXISTS pintail_journal",
        "DROP TABLE pintail_journal.positions",
        "DROP TABLE \"PINTAIL_Journal\".POSITIONS",
        "DROP TABLE IF EXISTS pintail_journal.none",
        "ALTER TABLE pintail_journal.positions ADD COLUMN x INT",
        "ALTER TABLE pintail_journal.positions ADD PRIMARY KEY (position)",
        "ALTER TABLE IF EXISTS pintail_journal.none RENAME TO positions",
        "COMMENT ON COLUMN pintail_journal.positions.position IS 'x'",
        "CREATE TABLE pintail_journal.mine (a INT)",
        "CREATE TABLE IF NOT EXISTS pintail_journal.positions (a INT)",
        "CREATE OR REPLACE TABLE pintail_journal.repeats (a INT)",
        "CREATE OR REPLACE TABLE pintail_journal.repeats AS SELECT 1 AS a",
        "CREATE VIEW pintail_journal.v AS SELECT 1",
        "CREATE SEQUENCE pintail_journal.s",
        "CREATE TYPE pintail_journal.e AS INT",
        "CREATE MACRO pintail_journal.m(a) AS a",
        "CREATE INDEX i ON pintail_journal.positions (position)",
        "TRUNCATE pintail_journal.positions",
        "DELETE FROM pintail_journal.positions",
        "UPDATE pintail_journal.positions SET position = 0",
        "INSERT INTO pintail_journal.positions VALUES ('main', 't', 9)",
        "MERGE INTO pintail_journal.positions USING (SELECT 1) s ON true "
        "WHEN MATCHED THEN DELETE",
        "EXPLAIN ANALYZE DROP TABLE pintail_journal.positions",
        "PREPARE p AS DELETE FROM pintail_journal.positions"}) {
    ExpectRefused(sql);
  }
  EXPECT_EQ(Inside(), before);
}

TEST_F(JournalSchemaCheckTest, RefusesWhatTheSearchPathTakesThere) {
  const std::string before = Inside();
  for (const char* path :
       {"USE pintail_journal", "USE memory.pintail_journal",
        "SET schema = 'pintail_journal'", "SET search_path = 'pintail_journal'",
        "SET search_path = 'main,pintail_journal'"}) {
    Do(path);
    for (const char* sql :
         {"DROP TABLE positions", "DROP TABLE IF EXISTS positions",
          "ALTER TABLE positions RENAME TO p", "CREATE INDEX i ON positions (position)",
          "TRUNCATE positions"}) {
      ExpectRefused(sql);
    }
  }
  Do("USE pintail_journal");
  ExpectRefused("CREATE OR REPLACE TABLE repeats (a INT)");
  ExpectRefused("CREATE VIEW v AS SELECT 1");
  Do("USE memory.main");
  EXPECT_EQ(Inside(), before);
}

TEST_F(JournalSchemaCheckTest, RefusesUploadsThatDefineATable) {
  const std::string before = Inside();
  const auto schema = testing::NumbersSchema();
  for (const bool or_replace : {false, true}) {
    ExpectRefused(
        connection_->CreateTable({.schema = "pintail_journal", .table = "repeats"},
                                 *schema, /*temporary=*/false, or_replace,
                                 /*if_not_exists=*/!or_replace),
        "by name: ");
  }
  Do("USE pintail_journal");
  ExpectRefused(connection_->CreateTable({.table = "repeats"}, *schema,
                                         /*temporary=*/false, /*or_replace=*/true,
                                         /*if_not_exists=*/false),
                "by search path: ");
  Do("USE memory.main");
  EXPECT_EQ(Inside(), before);
}

TEST_F(JournalSchemaCheckTest, RefusesRowsOfAFile) {
  const testing::TemporaryFolder folder;
  const std::string file = "'" + folder.File("x.csv") + "' (FORMAT csv)";
  Do("COPY (SELECT 'main', 't', 9) TO " + file);
  ExpectRefused("COPY pintail_journal.positions FROM " + file);
  Do("USE pintail_journal");
  ExpectRefused("COPY positions FROM " + file);
}

// With IF EXISTS the name is looked for again when the plan is executed.
TEST_F(JournalSchemaCheckTest, AKeptPlanDoesNotGetThereByAnotherSearchPath) {
  const std::string before = Inside();
  Do("ATTACH ':memory:' AS other");
  Do("CREATE TABLE other.mine (a INT); CREATE TABLE memory.main.yours (a INT)");
  const struct {
    const char* planned_in;
    const char* sql;
    const char* executed_in;
  } cases[] = {
      {"main", "DROP TABLE IF EXISTS positions", "pintail_journal"},
      {"main", "ALTER TABLE IF EXISTS positions RENAME TO p", "pintail_journal"},
      {"other", "DROP SCHEMA IF EXISTS pintail_journal CASCADE", "memory"},
      {"main", "ALTER TABLE IF EXISTS mine RENAME TO m", "other"},
      {"other", "ALTER TABLE IF EXISTS main.yours RENAME TO y", "memory.main"},
  };
  for (const auto& each : cases) {
    Do(std::string("USE ") + each.planned_in);
    const auto kept = Prepare(*connection_, each.sql);
    Do(std::string("USE ") + each.executed_in);
    const auto run = kept->Execute({}, {.materialize = true});
    EXPECT_TRUE(run.ok()) << each.sql << run.status();
    Do("USE memory.main");
    EXPECT_EQ(Inside(), before) << each.sql;
  }
}

TEST_F(JournalSchemaCheckTest, LeavesTheRestToClients) {
  Do("FROM pintail_journal.positions");
  Do("CREATE VIEW main.v AS FROM pintail_journal.positions");
  Do("CREATE TABLE main.positions (a INT)");
  Do("SET search_path = 'main,pintail_journal'");
  Do("DROP TABLE positions");  // the first one
  Do("CREATE TABLE mine AS FROM pintail_journal.repeats");
  Do("CREATE TEMP TABLE positions (a INT)");
  Do("DROP TABLE positions");
  Do("ATTACH ':memory:' AS other");
  Do("CREATE SCHEMA other.pintail_journal");
  Do("CREATE TABLE other.pintail_journal.positions (a INT)");
  Do("USE other.pintail_journal");
  Do("INSERT INTO positions VALUES (1)");
  Do("DROP TABLE positions");
  Do("CREATE TABLE extra (a INT)");
  ExpectRefused("COPY FROM DATABASE other TO memory");
  Do("DROP SCHEMA other.pintail_journal CASCADE");
}

}  // namespace
}  // namespace pintail::engine
