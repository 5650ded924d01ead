// The table that clients of the metrics cache find from the start.
#pragma once

#include "arrow/status.h"

namespace pintail::engine {
class Connection;
}

namespace pintail::catalog {

// Makes the table `metrics` in the connection's current schema when it is not there:
// metric_id VARCHAR, timestamp BIGINT (nanoseconds since the epoch),
// value_running_window_sum DOUBLE, value_running_window_avg DOUBLE,
// value_running_window_count BIGINT; none nullable; primary key (metric_id, timestamp).
// A table of that name that is there already is left as it is.
arrow::Status EnsureMetricsTable(engine::Connection& connection);

}  // namespace pintail::catalog
