// What is decided about scans of sources when all of a plan is known. Private to the
// engine.
#pragma once

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/execution/physical_operator.hpp"
#include "duckdb/main/config.hpp"

namespace pintail::engine {

// Before the database is opened. Several scans of one source in a plan are marked to see
// one snapshot; a limit directly above a scan goes to the source.
void PrepareSourcePlans(duckdb::DBConfig& config);

// Whether the plan reads a table of the catalog.
bool ReadsFrom(const duckdb::PhysicalOperator& plan, const duckdb::Catalog& catalog);

}  // namespace pintail::engine
