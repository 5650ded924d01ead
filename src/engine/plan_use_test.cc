// What statements read and change, and what is told of it.
#include <algorithm>

#include "engine/testing/fake_source.h"
#include "engine/testing/sql.h"
#include "engine/testing/tail.h"
#include "gtest/gtest.h"

namespace pintail::engine {
namespace {

using testing::Execute;
using testing::Prepare;

class PlanUseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connection_ = *database_->Connect();
    Run("ATTACH ':memory:' AS src");
    Run("CREATE TABLE src.t (i BIGINT, s VARCHAR)");
    Run("CREATE TABLE src.u (i BIGINT)");
    Run("CREATE TABLE l (i BIGINT)");
    Run("CREATE SEQUENCE n");
    Run("CREATE VIEW v AS SELECT i FROM src.t");
    Run("CREATE MACRO m() AS TABLE SELECT i FROM src.u");
    database_->OnChange([this](const DataChange& change) { told_.Add(change); });
  }
  void Run(const std::string& sql) {
    const arrow::Status status = Execute(*connection_, sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status;
  }
  StatementUse UseOf(const std::string& sql) {
    return *Prepare(*connection_, sql)->traits().use;
  }
  // What was told of since the last time, in words.
  std::string Told() {
    std::vector<std::string> words;
    for (const TableName& table : told_.tables) {
      words.push_back(table.catalog + "." + table.schema + "." + table.table);
    }
    for (const std::string& each : told_.databases) words.push_back("all of " + each);
    if (told_.everything) words.emplace_back("everything");
    told_ = {};
    std::ranges::sort(words);
    words.erase(std::unique(words.begin(), words.end()), words.end());
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
  }

  DataChange told_;
  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_;
};

TEST_F(PlanUseTest, NamesTheTablesThatAreReadThroughViewsAndMacros) {
  for (const auto& [sql, tables] : std::vector<std::pair<std::string, std::string>>{
           {"SELECT * FROM src.t", "src.t"},
           {"SELECT * FROM v", "src.t"},
           {"SELECT * FROM m()", "src.u"},
           {"WITH c AS MATERIALIZED (SELECT * FROM v) SELECT * FROM c, c d", "src.t"},
           {"SELECT (SELECT max(i) FROM src.u) FROM l", "memory.l src.u"},
           {"SELECT * FROM l WHERE i IN (SELECT i FROM src.t)", "memory.l src.t"},
           {"SELECT * FROM src.t WHERE i = ?", "src.t"},
           {"SELECT count(*) FROM src.t UNION ALL SELECT 1", "src.t"},
           {"SELECT * FROM src.t a, src.t b", "src.t"},
           {"SELECT * FROM range(3), src.t", "src.t"}}) {
    const StatementUse use = UseOf(sql);
    std::vector<std::string> names;
    for (const TableName& each : use.reads) {
      names.push_back(each.catalog + "." + each.table);
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    EXPECT_EQ(text, tables) << sql;
    EXPECT_TRUE(use.reads_source) << sql;
    EXPECT_FALSE(use.reads_unknown) << sql;
    EXPECT_FALSE(use.is_volatile || use.depends_on_time) << sql;
    EXPECT_TRUE(use.changes.empty()) << sql;
  }
}

TEST_F(PlanUseTest, KnowsWhatIsNoSource) {
  Run("CREATE TEMP TABLE tt (i BIGINT)");
  EXPECT_FALSE(UseOf("SELECT * FROM l").reads_source);
  EXPECT_FALSE(UseOf("SELECT 1").reads_source);
  EXPECT_TRUE(UseOf("SELECT * FROM tt, src.t").reads_unknown);
  EXPECT_TRUE(UseOf("SELECT * FROM duckdb_tables(), src.t").reads_unknown);
}

TEST_F(PlanUseTest, KnowsWhatIsNotTheSameTwice) {
  for (const char* sql :
       {"SELECT random() FROM src.t", "SELECT i FROM src.t ORDER BY random()",
        "SELECT nextval('n') FROM src.t", "SELECT uuid() FROM v",
        "SELECT i FROM src.t WHERE i > random()", "SELECT * FROM src.t USING SAMPLE 1",
        "SELECT gen_random_uuid(), i FROM src.t"}) {
    EXPECT_TRUE(UseOf(sql).is_volatile) << sql;
  }
  for (const char* sql :
       {"SELECT now(), i FROM src.t", "SELECT current_timestamp FROM v",
        "SELECT i FROM src.t WHERE current_date > DATE '2020-01-01'",
        "SELECT today(), i FROM src.t", "SELECT current_localtimestamp(), i FROM src.t",
        "SELECT age(TIMESTAMP '2020-01-01'), i FROM src.t"}) {
    EXPECT_TRUE(UseOf(sql).depends_on_time) << sql;
  }
}

TEST_F(PlanUseTest, WritesEqualStatementsAlike) {
  EXPECT_EQ(UseOf("select  i from src.t -- a remark").canonical,
            UseOf("SELECT i\nFROM src.t").canonical);
  EXPECT_NE(UseOf("SELECT i FROM src.t").canonical,
            UseOf("SELECT i FROM src.u").canonical);
  EXPECT_NE(UseOf("SELECT i FROM src.t WHERE s = 'a'").canonical,
            UseOf("SELECT i FROM src.t WHERE s = 'A'").canonical);
}

TEST_F(PlanUseTest, TellsOfEachWayToChangeATable) {
  for (const auto& [sql, told] : std::vector<std::pair<std::string, std::string>>{
           {"INSERT INTO src.t VALUES (1, 'a')", "src.main.t"},
           {"INSERT INTO l SELECT i FROM src.t", "memory.main.l"},
           {"UPDATE src.t SET s = 'b' WHERE i = 1", "src.main.t"},
           {"DELETE FROM src.t WHERE i = 7", "src.main.t"},
           {"MERGE INTO src.u USING (SELECT 1 i) x USING (i) WHEN NOT MATCHED THEN "
            "INSERT",
            "src.main.u"},
           {"CREATE TABLE src.x (i BIGINT)", "all of src"},
           {"ALTER TABLE src.x ADD COLUMN k BIGINT", "all of src"},
           {"DROP TABLE src.x", "all of src"},
           {"CREATE TABLE x2 AS SELECT * FROM src.t", "all of memory"},
           {"CREATE OR REPLACE VIEW v AS SELECT 1 AS i", "all of memory, everything"},
           {"DROP VIEW v", "all of memory, everything"},
           {"CREATE MACRO src.f(a) AS a", "all of src, everything"},
           {"ATTACH ':memory:' AS other", "everything"},
           {"DETACH other", "everything"},
           {"PREPARE p AS INSERT INTO src.t VALUES (?, 'p')", ""},
           {"CREATE TEMP TABLE tt (i BIGINT)", ""},
           {"INSERT INTO tt VALUES (1)", ""},
           {"CREATE TEMP VIEW tv AS SELECT 1", ""},
           {"SET TimeZone = 'UTC'", ""},
           {"SELECT * FROM src.t", ""},
           {"EXPLAIN INSERT INTO src.t VALUES (1, 'a')", ""}}) {
    Run(sql);
    EXPECT_EQ(Told(), told) << sql;
  }
  Run("EXECUTE p(5)");
  EXPECT_NE(Told().find("src"), std::string::npos);
}

TEST_F(PlanUseTest, TellsOfATransactionWhenItIsCommitted) {
  Run("BEGIN");
  Run("INSERT INTO src.t VALUES (1, 'a')");
  Run("INSERT INTO src.u VALUES (1)");
  EXPECT_EQ(Told(), "");
  Run("COMMIT");
  EXPECT_EQ(Told(), "src.main.t, src.main.u");
  Run("BEGIN");
  Run("INSERT INTO src.t VALUES (2, 'b')");
  Run("ROLLBACK");
  Run("SELECT 1");
  EXPECT_EQ(Told(), "");
}

TEST_F(PlanUseTest, TellsOfEveryRunOfAPreparedStatement) {
  const auto prepared = Prepare(*connection_, "INSERT INTO src.u VALUES (?)");
  EXPECT_EQ(Told(), "");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(
        prepared->Execute(testing::Parameters({{"1", arrow::int64(), "3"}}), {}).ok());
    EXPECT_EQ(Told(), "src.main.u");
  }
}

TEST_F(PlanUseTest, TellsOfUploads) {
  ASSERT_TRUE(connection_
                  ->Insert({.catalog = "src", .schema = "main", .table = "t"},
                           testing::Reader({testing::Numbers(0, 3)}))
                  .ok());
  EXPECT_EQ(Told(), "src.main.t");
  ASSERT_TRUE(connection_
                  ->CreateTable({.catalog = "src", .schema = "main", .table = "made"},
                                *testing::NumbersSchema(), false, false, false)
                  .ok());
  EXPECT_EQ(Told(), "all of src");
}

TEST_F(PlanUseTest, KnowsTheTablesOfASourcesCatalog) {
  const auto shop = std::make_shared<testing::FakeSource>("shop");
  ASSERT_TRUE(database_->AttachSource(shop).ok());
  Run("CREATE TABLE shop.t (i BIGINT, s VARCHAR)");
  EXPECT_EQ(Told(), "all of shop");
  // The source computes some of these itself.
  for (const char* sql : {"SELECT * FROM shop.t", "SELECT count(*) FROM shop.t",
                          "SELECT s, sum(i) FROM shop.t WHERE i > 3 GROUP BY s",
                          "SELECT i FROM shop.t WHERE i = ?"}) {
    const StatementUse use = UseOf(sql);
    ASSERT_EQ(use.reads.size(), 1) << sql;
    EXPECT_EQ(QuoteName(use.reads[0]), R"("shop"."main"."t")") << sql;
    EXPECT_TRUE(use.reads_source && !use.reads_unknown && use.changes.empty()) << sql;
  }
  for (const char* sql : {"INSERT INTO shop.t VALUES (1, 'a')",
                          "UPDATE shop.t SET s = 'b'", "DELETE FROM shop.t"}) {
    Run(sql);
    EXPECT_EQ(Told(), "all of shop") << sql;
  }
  ASSERT_TRUE(connection_
                  ->Insert({.catalog = "shop", .schema = "main", .table = "t"},
                           testing::Reader({testing::Numbers(0, 3)}))
                  .ok());
  EXPECT_EQ(Told(), "all of shop");
}

TEST_F(PlanUseTest, DoesNotKnowWhatASourceIsToldInItsOwnSql) {
  const auto shop = std::make_shared<testing::FakeSource>("shop");
  ASSERT_TRUE(database_->AttachSource(shop).ok());
  ASSERT_TRUE(Execute(shop->direct(), "CREATE TABLE t AS SELECT 1 AS i").ok());
  Run("FROM pintail.remote('shop', 'SELECT i FROM t')");
  EXPECT_EQ(Told(), "");
  EXPECT_TRUE(UseOf("FROM pintail.remote('shop', 'SELECT i FROM t')").reads_unknown);
  for (const char* sql : {"SELECT count(*) AS n FROM t WHERE i IN (SELECT 1)",
                          "(select max(i) AS i from t)", "VALUES (1), (2)"}) {
    Run("FROM pintail.remote('shop', '" + std::string(sql) + "')");
    EXPECT_EQ(Told(), "") << sql;
  }
  for (const char* sql :
       {"INSERT INTO t VALUES (2) RETURNING i", "SELECT hash(i) AS h FROM t",
        "SELECT \"main\".hash(i) AS h FROM t", "SELECT hash\n (i) AS h FROM t"}) {
    Run("FROM pintail.remote('shop', '" + std::string(sql) + "')");
    EXPECT_EQ(Told(), "everything") << sql;
  }
}

TEST_F(PlanUseTest, LeavesItToOurOwnFunctionsToTellWhatTheyChange) {
  const auto rows = arrow::schema({arrow::field("n", arrow::int64())});
  const auto call = [rows](const SystemFunctionCall&) {
    return arrow::RecordBatchReader::Make({}, rows);
  };
  ASSERT_TRUE(
      database_->AddSystemFunction("act", {.schema = rows, .changes = true, .call = call})
          .ok());
  Run("CALL pintail.act()");
  EXPECT_EQ(Told(), "");
  Run("CALL pragma_version()");
  EXPECT_EQ(Told(), "everything");
}

TEST_F(PlanUseTest, FollowsAKeptPlanToOtherTables) {
  const auto prepared = Prepare(*connection_, "SELECT i FROM v");
  ASSERT_EQ(prepared->traits().use->reads.front().table, "t");
  Run("CREATE OR REPLACE VIEW v AS SELECT i FROM src.u");
  ASSERT_TRUE(prepared->Execute({}, {.materialize = true}).ok());
  EXPECT_EQ(prepared->traits().use->reads.front().table, "u");
}

}  // namespace
}  // namespace pintail::engine
