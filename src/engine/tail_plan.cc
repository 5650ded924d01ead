#include "engine/tail_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "duckdb/common/exception/binder_exception.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_set_operation.hpp"
#include "engine/journal_schema_check.h"
#include "engine/names.h"
#include "engine/plan_use.h"
#include "engine/sent_on_check.h"
#include "engine/tail_scan.h"
#include "engine/tail_snapshot.h"
#include "engine/tier_plan.h"

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
  // Whether PlanTier has left places for sources.
  bool tiered() const { return tiered_; }

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
    if (!found) return;
    const TailKey& key = *found;
    auto& scan = plan->Cast<duckdb::LogicalGet>();
    // What the server does with its table is about the rows that are here.
    std::optional<TierBoundary> boundary;
    if (!snapshot_.is_ours()) {
      boundary = BoundaryOf(binder_.context, snapshot_.store(), key);
    }
    if (needs_.whole.contains(key)) {
      if (boundary) RefuseRowNumbers(key, *boundary);
      return;
    }
    const bool has_tail = snapshot_.ViewOf(key).parts > 0;
    if (!has_tail) needs_.without.insert(key);
    if (boundary) return PlanTiered(plan, key, *boundary, has_tail);
    if (!has_tail) return;
    // count(*) asks for no column, and both sides of a union need the same ones.
    auto columns = scan.GetColumnIds();
    if (columns.empty() || columns[0].IsVirtualColumn()) {
      scan.SetColumnIds({duckdb::ColumnIndex(0)});
    }
    AddTail(plan, key, scan.table_index);
  }

  [[noreturn]] static void RefuseRowNumbers(const TailKey& key,
                                            const TierBoundary& boundary) {
    throw duckdb::BinderException(
        "the older rows of the table \"%s\" are in %s and have no row numbers here; take "
        "a column that tells rows apart",
        key.table, QuoteName(boundary.target));
  }

  // Whoever refers to the scan now refers to the union of here and there.
  void PlanTiered(OperatorPtr& plan, const TailKey& key, const TierBoundary& boundary,
                  bool has_tail) {
    auto& scan = plan->Cast<duckdb::LogicalGet>();
    const auto table_index = scan.table_index;
    const auto asked = scan.GetColumnIds().size();
    TierColumns columns{.boundary = AddBoundaryColumn(scan, boundary)};
    for (const auto& column : scan.GetColumnIds()) {
      columns.names.push_back(scan.names[column.GetPrimaryIndex()]);
      columns.types.push_back(scan.returned_types[column.GetPrimaryIndex()]);
    }
    columns.kept = std::max<duckdb::idx_t>(asked, 1);
    scan.table_index = binder_.GenerateTableIndex();
    if (has_tail) AddTail(plan, key, scan.table_index);
    plan = PlanTier(binder_, std::move(plan), boundary, columns, table_index);
    tiered_ = true;
  }

  // The scan and that of the tail, as what has been the scan for others.
  void AddTail(OperatorPtr& plan, const TailKey& key, duckdb::idx_t union_index) {
    auto& scan = plan->Cast<duckdb::LogicalGet>();
    const auto column_count = scan.GetColumnIds().size();
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
  bool tiered_ = false;
};

void PlanTails(duckdb::OptimizerExtensionInput& input, OperatorPtr& plan) {
  auto snapshot = TailSnapshot::Of(input.context);
  if (!snapshot) return;
  // First, as a copy may be read where the source's table was.
  CopyNeeds copies;
  if (!snapshot->is_ours()) copies = PlanCopies(input.optimizer.binder, *snapshot, plan);
  const auto use = PlanUse::Of(input.context);
  if (copies.reads_copy && use) use->NoteReadElsewhere();
  TailPlanner planner(input.optimizer.binder, *snapshot);
  planner.Plan(plan);
  TailNeeds needs = planner.TakeNeeds();
  if (planner.tiered()) {
    needs.once = AskSources(input.optimizer, plan);
    // What the source has is not known here: a row may come there after an answer.
    if (use) use->NoteReadElsewhere();
  }
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
