#include "gateway/process_figures.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "engine/tails.h"

namespace pintail::gateway {
namespace {

// Resident memory in bytes, by proc(5): the second number of statm, in pages.
int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total_pages = 0;
  int64_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

}  // namespace

void ReportProcess(base::Metrics& metrics, engine::Database& database) {
  base::Gauge& resident =
      metrics.GetGauge("process_resident_bytes", "Memory of the server process.");
  base::Gauge& memory =
      metrics.GetGauge("duckdb_memory_bytes", "Memory that DuckDB uses.");
  base::Gauge& limit =
      metrics.GetGauge("duckdb_memory_limit_bytes", "Memory that DuckDB may use.");
  base::Gauge& temporary = metrics.GetGauge("duckdb_temporary_storage_bytes",
                                            "What DuckDB has spilled to disk.");
  base::Gauge& file = metrics.GetGauge("duckdb_database_bytes", "Size of the database.");
  base::Gauge& wal =
      metrics.GetGauge("duckdb_wal_bytes", "Size of DuckDB's write-ahead log.");
  base::Gauge& tail_rows =
      metrics.GetGauge("tail_rows", "Rows that wait for their tables.");
  base::Gauge& tail_bytes =
      metrics.GetGauge("tail_bytes", "Bytes of rows that wait for their tables.");
  metrics.OnRender([&resident, &memory, &limit, &temporary, &file, &wal, &tail_rows,
                    &tail_bytes, &database] {
    resident.Set(static_cast<double>(ResidentBytes()));
    int64_t waiting = 0;
    for (const auto& tail : database.tails().figures()) waiting += tail.rows;
    tail_rows.Set(static_cast<double>(waiting));
    tail_bytes.Set(static_cast<double>(database.tails().bytes()));
    const auto figures = database.Figures();
    if (!figures.ok()) return;
    memory.Set(static_cast<double>(figures->memory_bytes));
    limit.Set(static_cast<double>(figures->memory_limit_bytes));
    temporary.Set(static_cast<double>(figures->temporary_storage_bytes));
    file.Set(static_cast<double>(figures->database_bytes));
    wal.Set(static_cast<double>(figures->wal_bytes));
  });
}

}  // namespace pintail::gateway
