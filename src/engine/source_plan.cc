#include "engine/source_plan.h"

#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "duckdb/execution/operator/scan/physical_table_scan.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"
#include "duckdb/planner/operator/logical_limit.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "engine/source_query.h"
#include "engine/source_scan.h"

namespace pintail::engine {
namespace {

using Type = duckdb::LogicalOperatorType;
// Of each source whether a scan of it reads in one snapshot with others.
using Scans = std::map<const duckdb::Catalog*, std::vector<bool*>>;

SourceScanData* ScanOf(duckdb::LogicalOperator& op) {
  if (op.type != Type::LOGICAL_GET) return nullptr;
  auto& get = op.Cast<duckdb::LogicalGet>();
  return SourceScanOf(get.function, get.bind_data);
}

// The catalog that the operator changes.
const duckdb::Catalog* ChangedBy(const duckdb::LogicalOperator& op) {
  switch (op.type) {
    case Type::LOGICAL_INSERT:
      return &op.Cast<duckdb::LogicalInsert>().table.catalog;
    case Type::LOGICAL_UPDATE:
      return &op.Cast<duckdb::LogicalUpdate>().table.catalog;
    case Type::LOGICAL_DELETE:
      return &op.Cast<duckdb::LogicalDelete>().table.catalog;
    case Type::LOGICAL_CREATE_TABLE:
      return &op.Cast<duckdb::LogicalCreateTable>().schema.catalog;
    default:
      return nullptr;
  }
}

void CollectChanged(const duckdb::LogicalOperator& op,
                    std::set<const duckdb::Catalog*>& changed) {
  if (const auto* catalog = ChangedBy(op)) changed.insert(catalog);
  for (const auto& child : op.children) CollectChanged(*child, changed);
}

void Collect(duckdb::LogicalOperator& op, Scans& scans) {
  if (auto* scan = ScanOf(op)) {
    scans[&scan->table->source_catalog()].push_back(&scan->shared);
  } else if (op.type == Type::LOGICAL_GET) {
    auto& get = op.Cast<duckdb::LogicalGet>();
    auto* query = SourceQueryOf(get.function, get.bind_data);
    if (query) scans[&query->catalog].push_back(&query->shared);
  }
  for (auto& child : op.children) Collect(*child, scans);
}

// LIMIT n OFFSET m over a scan, with nothing but projections between.
void PushLimits(duckdb::LogicalOperator& op) {
  for (auto& child : op.children) PushLimits(*child);
  if (op.type != Type::LOGICAL_LIMIT) return;
  const auto& limit = op.Cast<duckdb::LogicalLimit>();
  if (limit.limit_val.Type() != duckdb::LimitNodeType::CONSTANT_VALUE) return;
  duckdb::idx_t rows = limit.limit_val.GetConstantValue();
  if (limit.offset_val.Type() == duckdb::LimitNodeType::CONSTANT_VALUE) {
    rows += limit.offset_val.GetConstantValue();
  } else if (limit.offset_val.Type() != duckdb::LimitNodeType::UNSET) {
    return;
  }
  auto* below = op.children[0].get();
  while (below->type == Type::LOGICAL_PROJECTION) below = below->children[0].get();
  auto* scan = ScanOf(*below);
  if (!scan || rows > static_cast<duckdb::idx_t>(std::numeric_limits<int64_t>::max()))
    return;
  auto& get = below->Cast<duckdb::LogicalGet>();
  // A filter that is left here has to be looked at first.
  if (!get.table_filters.filters.empty() || get.dynamic_filters || scan->keys) return;
  scan->limit = static_cast<int64_t>(rows);
}

void PlanSources(duckdb::OptimizerExtensionInput&,
                 duckdb::unique_ptr<duckdb::LogicalOperator>& plan) {
  PushLimits(*plan);
  Scans scans;
  Collect(*plan, scans);
  std::set<const duckdb::Catalog*> changed;
  CollectChanged(*plan, changed);
  for (auto& [catalog, of_source] : scans) {
    if (of_source.size() < 2 && !changed.contains(catalog)) continue;
    for (bool* shared : of_source) *shared = true;
  }
}

}  // namespace

void PrepareSourcePlans(duckdb::DBConfig& config) {
  duckdb::OptimizerExtension extension;
  extension.optimize_function = PlanSources;
  duckdb::OptimizerExtension::Register(config, std::move(extension));
}

bool ReadsFrom(const duckdb::PhysicalOperator& plan, const duckdb::Catalog& catalog) {
  if (plan.type == duckdb::PhysicalOperatorType::TABLE_SCAN) {
    const auto& scan = plan.Cast<duckdb::PhysicalTableScan>();
    const auto* data = SourceScanOf(scan.function, scan.bind_data);
    if (data && &data->table->catalog == &catalog) return true;
    const auto* query = SourceQueryOf(scan.function, scan.bind_data);
    if (query && &query->catalog == &catalog) return true;
  }
  for (const auto& child : plan.GetChildren()) {
    if (ReadsFrom(child.get(), catalog)) return true;
  }
  return false;
}

}  // namespace pintail::engine
