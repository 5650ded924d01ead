#include "catalog/metrics_table.h"

#include "catalog/testing/rows.h"
#include "engine/connection.h"
#include "engine/database.h"
#include "gtest/gtest.h"

namespace pintail::catalog {
namespace {

using testing::Text;

TEST(MetricsTable, HasTheColumnsItsClientsExpectAndIsMadeOnce) {
  const auto database = engine::Database::Open({}).ValueOrDie();
  const auto connection = database->Connect().ValueOrDie();
  ASSERT_TRUE(EnsureMetricsTable(*connection).ok());
  ASSERT_TRUE(connection->Run("INSERT INTO metrics VALUES ('m', 1, 2, 3, 4)").ok());
  ASSERT_TRUE(EnsureMetricsTable(*connection).ok());
  EXPECT_EQ(Text(**connection->Run("SELECT * FROM metrics")), "m|1|2|3|4");
  EXPECT_EQ(connection->TableSchema({.catalog = "", .schema = "", .table = "metrics"})
                .ValueOrDie()
                ->ToString(),
            "metric_id: string not null\ntimestamp: int64 not null\n"
            "value_running_window_sum: double not null\n"
            "value_running_window_avg: double not null\n"
            "value_running_window_count: int64 not null");
  EXPECT_FALSE(connection->Run("INSERT INTO metrics VALUES ('m', 1, 2, 3, 4)").ok());
}

}  // namespace
}  // namespace pintail::catalog
