#include "engine/tail_plan.h"

#include <algorithm>
#include <utility>

#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"
#include "duckdb/planner/operator/logical_set_operation.hpp"
#include "engine/tail_scan.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
namespace {

using OperatorPtr = duckdb::unique_ptr<duckdb::LogicalOperator>;

bool AsksForRowNumbers(const duckdb::LogicalGet& scan) {
  return std::ranges::any_of(scan.GetColumnIds(), [](const duckdb::ColumnIndex& column) {
    return column.IsVirtualColumn() && !column.IsEmptyColumn();
  });
}

class TailPlanner {
 public:
  TailPlanner(duckdb::Binder& binder, TailSnapshot& snapshot)
      : binder_(binder), snapshot_(snapshot) {}

  void Visit(OperatorPtr& plan) {
    for (auto& child : plan->children) Visit(child);
    if (plan->type == duckdb::LogicalOperatorType::LOGICAL_INSERT) {
      const auto key = snapshot_.store().KeyOf(plan->Cast<duckdb::LogicalInsert>().table);
      if (key) needs_.before.insert(*key);
    }
    if (plan->type != duckdb::LogicalOperatorType::LOGICAL_GET) return;
    const auto table = plan->Cast<duckdb::LogicalGet>().GetTable();
    if (!table) return;
    if (const auto key = snapshot_.store().KeyOf(*table)) VisitScan(plan, *key);
  }

  TailNeeds TakeNeeds() { return std::move(needs_); }

 private:
  void VisitScan(OperatorPtr& plan, const TailKey& key) {
    auto& scan = plan->Cast<duckdb::LogicalGet>();
    if (AsksForRowNumbers(scan)) {
      needs_.whole.insert(key);
      // Not of the kind that a statement could be bound again for.
      if (snapshot_.IsWanted(key)) throw duckdb::CatalogException("rows are in a tail");
      return;
    }
    if (snapshot_.ViewOf(key).parts == 0) {
      needs_.without.insert(key);
      return;
    }
    // count(*) asks for no column, and both sides of a union need the same ones.
    auto columns = scan.GetColumnIds();
    if (columns.empty() || columns[0].IsVirtualColumn()) {
      scan.SetColumnIds({duckdb::ColumnIndex(0)});
    }
    const auto column_count = scan.GetColumnIds().size();
    // Whoever refers to the scan now refers to the union.
    const auto union_index = scan.table_index;
    auto tail = MakeTailScan(binder_.GenerateTableIndex(), key, scan);
    scan.table_index = binder_.GenerateTableIndex();
    plan->ResolveOperatorTypes();
    tail->ResolveOperatorTypes();
    auto both = duckdb::make_uniq<duckdb::LogicalSetOperation>(
        union_index, column_count, std::move(plan), std::move(tail),
        duckdb::LogicalOperatorType::LOGICAL_UNION, /*setop_all=*/true);
    both->ResolveOperatorTypes();
    plan = std::move(both);
  }

  duckdb::Binder& binder_;
  TailSnapshot& snapshot_;
  TailNeeds needs_;
};

void PlanTails(duckdb::OptimizerExtensionInput& input, OperatorPtr& plan) {
  auto snapshot = TailSnapshot::Of(input.context);
  if (!snapshot) return;
  TailPlanner planner(input.optimizer.binder, *snapshot);
  planner.Visit(plan);
  snapshot->SetPlanned(planner.TakeNeeds());
}

}  // namespace

void PrepareTailPlans(duckdb::DBConfig& config) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = PlanTails;
  duckdb::OptimizerExtension::Register(config, std::move(extension));
}

}  // namespace pintail::engine
