#include "engine/tail_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_set_operation.hpp"
#include "engine/journal_schema_check.h"
#include "engine/plan_use.h"
#include "engine/sent_on_check.h"
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

  void Plan(OperatorPtr& plan) {
    // First: a table that has to be whole is read without its tail everywhere, so that
    // all of the statement sees the same rows.
    Visit(plan, [this](OperatorPtr& op) { CollectNeeds(*op); });
    Visit(plan, [this](OperatorPtr& op) { PlanScan(op); });
  }

  TailNeeds TakeNeeds() { return std::move(needs_); }

 private:
  template <typename Each>
  static void Visit(OperatorPtr& plan, const Each& each) {
    for (auto& child : plan->children) Visit(child, each);
    each(plan);
  }

  std::optional<TailKey> KeyOfScan(duckdb::LogicalOperator& op) const {
    if (op.type != duckdb::LogicalOperatorType::LOGICAL_GET) return std::nullopt;
    const auto table = op.Cast<duckdb::LogicalGet>().GetTable();
    return table ? snapshot_.store().KeyOf(*table) : std::nullopt;
  }

  void CollectNeeds(duckdb::LogicalOperator& op) {
    if (!snapshot_.is_ours()) {
      CheckLeavesJournalSchema(binder_.context, snapshot_.store().main_name(), op);
      CheckLeavesSentOn(binder_.context, snapshot_.store(), op);
    }
    if (const auto table = ChangedBy(op)) {
      const bool inserts = op.type == duckdb::LogicalOperatorType::LOGICAL_INSERT;
      const auto key = snapshot_.store().KeyOf(*table);
      if (key && inserts) needs_.before.insert(*key);
    }
    const auto key = KeyOfScan(op);
    if (!key || !AsksForRowNumbers(op.Cast<duckdb::LogicalGet>())) return;
    needs_.whole.insert(*key);
    // Not of the kind that a statement could be bound again for.
    if (snapshot_.IsWanted(*key)) throw duckdb::CatalogException("rows are in a tail");
  }

  void PlanScan(OperatorPtr& plan) {
    const auto found = KeyOfScan(*plan);
    if (!found || needs_.whole.contains(*found)) return;
    const TailKey& key = *found;
    auto& scan = plan->Cast<duckdb::LogicalGet>();
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
  // First, as a copy may be read where the source's table was.
  CopyNeeds copies;
  if (!snapshot->is_ours()) copies = PlanCopies(input.optimizer.binder, *snapshot, plan);
  const auto use = PlanUse::Of(input.context);
  if (copies.reads_copy && use) use->NoteCopyRead();
  TailPlanner planner(input.optimizer.binder, *snapshot);
  planner.Plan(plan);
  TailNeeds needs = planner.TakeNeeds();
  needs.copies = std::move(copies);
  snapshot->SetPlanned(std::move(needs));
}

}  // namespace

void PrepareTailPlans(duckdb::DBConfig& config) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = PlanTails;
  duckdb::OptimizerExtension::Register(config, std::move(extension));
}

}  // namespace pintail::engine
