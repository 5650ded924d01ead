#include "catalog/metrics_table.h"

#include <memory>

#include "engine/connection.h"

namespace pintail::catalog {

arrow::Status EnsureMetricsTable(engine::Connection& connection) {
  constexpr char kStatement[] = R"sql(
    CREATE TABLE IF NOT EXISTS metrics (
      metric_id VARCHAR NOT NULL,
      "timestamp" BIGINT NOT NULL,
      value_running_window_sum DOUBLE NOT NULL,
      value_running_window_avg DOUBLE NOT NULL,
      value_running_window_count BIGINT NOT NULL,
      PRIMARY KEY (metric_id, "timestamp")))sql";
  return connection.Run(kStatement).status();
}

}  // namespace pintail::catalog
