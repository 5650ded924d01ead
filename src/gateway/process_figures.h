// Figures of the process and of DuckDB, read whenever metrics are rendered.
#pragma once

#include "base/metrics.h"
#include "engine/database.h"

namespace pintail::gateway {

// Both outlive each other's use: metrics must not be rendered once the database is
// closed.
void ReportProcess(base::Metrics& metrics, engine::Database& database);

}  // namespace pintail::gateway
