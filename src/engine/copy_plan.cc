#include "engine/copy_plan.h"

#include <algorithm>
#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "engine/journal_schema_check.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalOperatorType;
using OperatorPtr = duckdb::unique_ptr<duckdb::LogicalOperator>;
using Steady = base::Clock::Steady;

TableName NameOf(duckdb::TableCatalogEntry& table) {
  return {.catalog = table.ParentCatalog().GetName(),
          .schema = table.ParentSchema().name,
          .table = table.name};
}

class CopyPlanner {
 public:
  CopyPlanner(duckdb::Binder& binder, TailSnapshot& snapshot)
      : binder_(binder),
        snapshot_(snapshot),
        copies_(snapshot.Copies()),
        main_(snapshot.store().main_name()),
        may_use_(MayUseCopies(binder.context)) {}

  void Plan(OperatorPtr& plan) {
    CollectChanges(*plan);
    // What a statement writes to a source follows from what the source has now.
    if (!needs_.changes.empty()) may_use_ = false;
    Replace(plan);
    needs_.version = copies_->version;
  }

  CopyNeeds TakeNeeds() { return std::move(needs_); }

 private:
  void CollectChanges(duckdb::LogicalOperator& op) {
    for (auto& child : op.children) CollectChanges(*child);
    auto table = ChangedBy(op);
    if (!table) return;
    auto name = NameOf(*table);
    if (name.catalog != main_ && !table->temporary) {
      needs_.changes.insert(std::move(name));
    }
  }

  void Replace(OperatorPtr& plan) {
    for (auto& child : plan->children) Replace(child);
    if (plan->type != LogicalOperatorType::LOGICAL_GET) return;
    auto table = plan->Cast<duckdb::LogicalGet>().GetTable();
    if (!table) return;
    const TableName name = NameOf(*table);
    if (name.catalog == main_) {
      if (name.schema == kCopiesSchema) NoteCopy(name.table);
      return;
    }
    for (const CopyState* copy : copies_->Of(name)) {
      Concerns(*copy);
      if (!may_use_ || !snapshot_.MayUse(*copy)) continue;
      if (!PutInPlace(plan, *copy)) continue;
      needs_.reads_copy = true;
      NoteUntil(*copy);
      return;
    }
  }

  void NoteCopy(const std::string& name) {
    const CopyState* copy = copies_->Named(name);
    if (!copy) return;
    Concerns(*copy);
    needs_.reads_copy = true;
    if (copy->filled && copy->declaration.whole) NoteUntil(*copy);
  }

  void Concerns(const CopyState& copy) {
    needs_.concerned = true;
    needs_.uses.push_back(copy.use);
  }

  void NoteUntil(const CopyState& copy) {
    if (!copy.declaration.max_staleness) return;
    const Steady until = copy.as_of + *copy.declaration.max_staleness;
    needs_.until = needs_.until ? std::min(*needs_.until, until) : until;
  }

  bool PutInPlace(OperatorPtr& plan, const CopyState& copy) {
    auto& scan = plan->Cast<duckdb::LogicalGet>();
    const duckdb::EntryLookupInfo lookup(duckdb::CatalogType::TABLE_ENTRY,
                                         copy.declaration.name);
    auto entry = duckdb::Catalog::GetEntry(binder_.context, main_, kCopiesSchema, lookup,
                                           duckdb::OnEntryNotFound::RETURN_NULL);
    if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return false;
    auto& table = entry->Cast<duckdb::TableCatalogEntry>();
    const auto& columns = table.GetColumns();
    duckdb::vector<duckdb::ColumnIndex> ids;
    duckdb::vector<duckdb::LogicalType> wanted;
    for (const duckdb::ColumnIndex& id : scan.GetColumnIds()) {
      if (id.IsVirtualColumn()) {
        if (!id.IsEmptyColumn()) return false;  // row numbers are the source's own
        ids.push_back(id);
        wanted.push_back(scan.GetColumnType(id));
        continue;
      }
      const auto& name = scan.GetColumnName(id);
      if (!columns.ColumnExists(name)) return false;
      ids.emplace_back(columns.GetColumn(name).Logical().index);
      wanted.push_back(scan.GetColumnType(id));
    }
    plan = MakeScan(table, std::move(ids), wanted, scan.table_index);
    return true;
  }

  // A scan of the copy in the types that were announced.
  OperatorPtr MakeScan(duckdb::TableCatalogEntry& table,
                       duckdb::vector<duckdb::ColumnIndex> ids,
                       const duckdb::vector<duckdb::LogicalType>& wanted,
                       duckdb::idx_t table_index) {
    duckdb::unique_ptr<duckdb::FunctionData> bound;
    auto function = table.GetScanFunction(binder_.context, bound);
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<std::string> names;
    for (const auto& column : table.GetColumns().Logical()) {
      types.push_back(column.Type());
      names.push_back(column.Name());
    }
    auto scan = duckdb::make_uniq<duckdb::LogicalGet>(
        table_index, std::move(function), std::move(bound), std::move(types),
        std::move(names), table.GetVirtualColumns());
    scan->SetColumnIds(std::move(ids));
    scan->ResolveOperatorTypes();
    if (scan->types == wanted || wanted.empty()) return scan;
    scan->table_index = binder_.GenerateTableIndex();
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> casts;
    for (size_t i = 0; i < wanted.size(); ++i) {
      auto column = duckdb::make_uniq<duckdb::BoundColumnRefExpression>(
          scan->types[i], duckdb::ColumnBinding(scan->table_index, i));
      casts.push_back(duckdb::BoundCastExpression::AddCastToType(
          binder_.context, std::move(column), wanted[i]));
    }
    auto projection =
        duckdb::make_uniq<duckdb::LogicalProjection>(table_index, std::move(casts));
    projection->children.push_back(std::move(scan));
    projection->ResolveOperatorTypes();
    return projection;
  }

  duckdb::Binder& binder_;
  TailSnapshot& snapshot_;
  const std::shared_ptr<const CopyMap> copies_;
  const std::string main_;
  bool may_use_;
  CopyNeeds needs_;
};

}  // namespace

CopyNeeds PlanCopies(duckdb::Binder& binder, TailSnapshot& snapshot, OperatorPtr& plan) {
  CopyPlanner planner(binder, snapshot);
  planner.Plan(plan);
  return planner.TakeNeeds();
}

}  // namespace pintail::engine
