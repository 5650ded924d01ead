#include "arrow/array.h"
#include "arrow/scalar.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::Text;
using testing::World;

class TablesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.Run(session_, R"(
      CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, note VARCHAR);
      COMMENT ON TABLE orders IS 'what was ordered';
      COMMENT ON COLUMN orders.note IS 'free text';
      CREATE TABLE order_lines (id INTEGER);
      CREATE TABLE orderXlines (id INTEGER);
      CREATE VIEW open_orders AS SELECT * FROM orders;
      CREATE SCHEMA other; CREATE TABLE other.things (a INTEGER);
      CREATE TEMP TABLE scratch (a INTEGER))");
  }

  std::string Tables(const TableFilter& filter) {
    const auto rows = world_.gateway->Tables(World::Call(), session_, filter);
    if (!rows.ok()) return Text(rows.status());
    std::string names;
    while (true) {
      const auto batch = (*rows)->Next().ValueOrDie();
      if (!batch) return names;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (!names.empty()) names += " ";
        names += batch->GetColumnByName("name")->GetScalar(row).ValueOrDie()->ToString();
      }
    }
  }

  World world_;
  SessionPtr session_ = world_.Open();
};

TEST_F(TablesTest, AreListedWithTypesRemarksAndSizes) {
  const auto rows =
      world_.gateway
          ->Tables(World::Call(), session_, {.table_pattern = "%orders", .types = {}})
          .ValueOrDie();
  EXPECT_EQ(rows->schema()->ToString(),
            "catalog: string\nschema: string\nname: string\ntype: string\n"
            "remarks: string\nestimated_rows: int64");
  EXPECT_EQ(Text(*rows),
            "memory|main|orders|TABLE|what was ordered|0\n"
            "memory|main|open_orders|VIEW|null|null");
}

TEST_F(TablesTest, AreFilteredByCatalogPatternsAndTypes) {
  EXPECT_EQ(Tables({.catalog = "temp", .types = {}}), "scratch");
  EXPECT_EQ(Tables({.catalog = "nowhere", .types = {}}), "");
  EXPECT_EQ(Tables({.schema_pattern = "oth%", .types = {}}), "things");
  EXPECT_EQ(Tables({.table_pattern = "order_lines", .types = {}}),
            "orderXlines order_lines");
  EXPECT_EQ(Tables({.table_pattern = "order\\_lines", .types = {}}), "order_lines");
  EXPECT_EQ(Tables({.table_pattern = "\\", .types = {}}), "");
  EXPECT_EQ(Tables({.table_pattern = "'; DROP TABLE orders; --", .types = {}}), "");
  EXPECT_EQ(Tables({.types = {"VIEW", "LOCAL TEMPORARY"}}), "scratch open_orders");
}

TEST_F(TablesTest, OfTheServerAreShownOnlyWhenAskedFor) {
  EXPECT_THAT(Tables({.types = {}}), ::testing::Not(HasSubstr("duckdb_tables")));
  EXPECT_THAT(Tables({.types = {"SYSTEM TABLE"}}), HasSubstr("duckdb_tables"));
  EXPECT_THAT(Tables({.schema_pattern = "pintail", .types = {"SYSTEM TABLE"}}),
              HasSubstr("statements"));
}

TEST_F(TablesTest, TellTheirColumns) {
  const auto schema = world_.gateway
                          ->TableSchema(World::Call(), session_,
                                        {.catalog = "", .schema = "", .table = "orders"})
                          .ValueOrDie();
  ASSERT_EQ(schema->num_fields(), 2);
  EXPECT_FALSE(schema->field(0)->nullable());
  EXPECT_TRUE(schema->field(1)->nullable());
  EXPECT_EQ(schema->field(0)->metadata()->Get("TYPE_NAME").ValueOrDie(), "BIGINT");
  EXPECT_EQ(schema->field(1)->metadata()->Get("REMARKS").ValueOrDie(), "free text");
}

TEST_F(TablesTest, TellTheColumnsOfViewsAndTemporaryTables) {
  for (const char* name : {"open_orders", "scratch"}) {
    EXPECT_TRUE(world_.gateway
                    ->TableSchema(World::Call(), session_,
                                  {.catalog = "", .schema = "", .table = name})
                    .ok())
        << name;
  }
  const auto missing = world_.gateway->TableSchema(
      World::Call(), session_, {.catalog = "", .schema = "other", .table = "orders"});
  EXPECT_THAT(Text(missing.status()), StartsWith("not_found"));
}

TEST(SystemViews, ShowSessionsSettingsAndVersionWithoutKeys) {
  World world({.settings = {{"gateway.max_sessions", "7", "file"}}});
  const SessionPtr session = world.Open("a secret key");
  EXPECT_EQ(world.Run(session, "SELECT key, value, source FROM pintail.settings"),
            "gateway.max_sessions|7|file");
  EXPECT_EQ(world.Run(session, "SELECT version, duckdb_version FROM pintail.version"),
            "0.1.0-test|v1.5.5");
  EXPECT_EQ(
      world.Run(session, "SELECT id, protocol, peer, idle_ms FROM pintail.sessions"),
      "1|internal|test|0");
  EXPECT_THAT(world.Run(session, "SELECT * FROM pintail.sessions"),
              ::testing::Not(HasSubstr("a secret key")));
}

TEST(SystemViews, AreEmptyOnceTheGatewayIsGone) {
  World world;
  world.Run(world.Open(), "SELECT 1");
  world.gateway.reset();
  EXPECT_EQ(world.Seen("SELECT count(*) FROM pintail.statements"), "0");
}

}  // namespace
}  // namespace pintail::gateway
