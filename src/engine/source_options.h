// How sources are attached (Database::AttachSource).
#pragma once

#include <chrono>
#include <cstddef>

namespace pintail::engine {

struct SourceOptions {
  // How long a table's columns, and the lists of schemas and tables, are taken to be as
  // they were. An error of a scan that may come from a change has it asked for at once.
  std::chrono::milliseconds known_for{60'000};
  // A source that was found to be down is not asked again for this long by listings of
  // everything (information_schema, duckdb_tables(), GetTables).
  std::chrono::milliseconds down_for{10'000};
  size_t known_tables = 10'000;
  // Of one scan, read ahead of the statement.
  size_t ahead_bytes = 16 << 20;
};

}  // namespace pintail::engine
