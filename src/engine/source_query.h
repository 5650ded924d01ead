// The table function that runs a statement of a source: what push-down has made of a
// subtree of a plan. Private to the engine.
#pragma once

#include <memory>

#include "duckdb/function/table_function.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "engine/push_down_source.h"
#include "engine/source_catalog.h"

namespace pintail::engine {

// What one statement of a plan asks for.
struct SourceQueryData final : duckdb::TableFunctionData {
  SourceQueryData(SourceCatalog& the_catalog, SourceQuery the_query)
      : catalog(the_catalog), query(std::move(the_query)) {}

  SourceCatalog& catalog;
  const SourceQuery query;
  // In the user's own words (pintail.remote), so it is never run twice.
  bool verbatim = false;
  // Other scans of the plan read the source too, and see the same snapshot.
  bool shared = false;

  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override;
  bool Equals(const FunctionData& other) const override;
  bool SupportStatementCache() const override { return false; }
};

// A scan of the statement's rows, in columns c0, c1, … of exactly the statement's types.
duckdb::unique_ptr<duckdb::LogicalGet> MakeSourceQueryScan(duckdb::idx_t table_index,
                                                           SourceCatalog& catalog,
                                                           SourceQuery query);

// A function that runs what its bind function gives, a SourceQueryData.
duckdb::TableFunction SourceQueryFunction(const std::string& name,
                                          duckdb::vector<duckdb::LogicalType> arguments,
                                          duckdb::table_function_bind_t bind);

// Null when the function is another one.
SourceQueryData* SourceQueryOf(const duckdb::TableFunction& function,
                               const duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

}  // namespace pintail::engine
