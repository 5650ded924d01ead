// The table function that reads a table of a source. Private to the engine.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "duckdb/function/table_function.hpp"
#include "duckdb/main/database.hpp"
#include "engine/source_catalog.h"

namespace pintail::engine {

// The conditions as one, empty for none.
std::string AllOf(const std::vector<std::string>& conditions);

// What one scan of a plan reads.
struct SourceScanData final : duckdb::TableFunctionData {
  std::shared_ptr<SourceTableEntry> table;
  // Conditions in the source's SQL; rows for which one is not true are not needed.
  std::vector<std::string> conditions;
  // Those of them that stand for an expression that nobody else looks at.
  std::vector<std::string> exact;
  // For sources without SQL.
  std::optional<std::vector<duckdb::Value>> keys;
  // Given when nobody looks at the rows again.
  std::optional<int64_t> limit;
  // Other scans of the statement read the source too, and see the same snapshot.
  bool shared = false;

  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override;
  bool Equals(const FunctionData& other) const override;
  void Write(duckdb::Serializer& serializer) const;
  // Looks the table up again.
  static duckdb::unique_ptr<duckdb::FunctionData> Read(
      duckdb::Deserializer& deserializer);
  // Planned anew each time: the table may have changed behind us, and the values of
  // parameters go into the conditions.
  bool SupportStatementCache() const override { return false; }
};

duckdb::TableFunction MakeSourceScan(std::shared_ptr<SourceTableEntry> table,
                                     duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

// Null when the function is another one.
SourceScanData* SourceScanOf(const duckdb::TableFunction& function,
                             const duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

// Puts the function into the system catalog: DuckDB copies plans by writing them out and
// reading them in again. Called by name it refuses.
void AddSourceScan(duckdb::DatabaseInstance& database);

}  // namespace pintail::engine
