// Tables whose older rows are in a source (docs/decisions/012-tiers.md): how a scan of
// one is planned. Private to the engine; called by the thread that plans.
#pragma once

#include <optional>
#include <string>

#include "duckdb/main/client_context.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/logical_operator.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "engine/names.h"
#include "engine/tail_rows.h"
#include "engine/tail_store.h"

namespace pintail::engine {

// Where the rows below the boundary are.
struct TierBoundary {
  TableName target;    // its catalog is the source
  std::string column;  // of the table and of the target
  std::string value;   // as text, in the column's type
};

// The table's boundary as the context's transaction sees it; nothing when all its rows
// are here.
std::optional<TierBoundary> BoundaryOf(duckdb::ClientContext& context,
                                       const TailStore& store, const TailKey& key);

// Where the boundary's column is among those that the scan gives; the scan is asked for
// it too, unless it is already. To be called before its operators are resolved.
duckdb::idx_t AddBoundaryColumn(duckdb::LogicalGet& scan, const TierBoundary& boundary);

// The columns of a scan that give the rows of a tiered table.
struct TierColumns {
  duckdb::vector<std::string> names;
  duckdb::vector<duckdb::LogicalType> types;
  duckdb::idx_t kept = 0;      // so many, the first ones, are asked for
  duckdb::idx_t boundary = 0;  // the boundary's
};

// The hot rows of `local`, which has these columns, and a place for the source's other
// ones, as one operator with the kept columns and the given index.
duckdb::unique_ptr<duckdb::LogicalOperator> PlanTier(
    duckdb::Binder& binder, duckdb::unique_ptr<duckdb::LogicalOperator> local,
    const TierBoundary& boundary, const TierColumns& columns, duckdb::idx_t table_index);

// Puts scans of the sources into the places that PlanTier has left for them, unless the
// plan's filters say that no row is needed: then the source is not asked for anything,
// not even what its table is. Returns whether the plan is right for this one execution
// only, as a source could not be asked, or as values that are not known yet may say that
// it need not be.
bool AskSources(duckdb::Optimizer& optimizer,
                duckdb::unique_ptr<duckdb::LogicalOperator>& plan);

}  // namespace pintail::engine
