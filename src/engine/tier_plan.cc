#include "engine/tier_plan.h"

#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/function/table_function.hpp"
#include "duckdb/optimizer/filter_pushdown.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_filter.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "duckdb/planner/operator/logical_set_operation.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/scan_state.hpp"
#include "duckdb/transaction/duck_transaction.hpp"
#include "engine/tail_positions.h"

namespace pintail::engine {
namespace {

using duckdb::ExpressionType;
using duckdb::idx_t;
using duckdb::LogicalType;
using OperatorPtr = duckdb::unique_ptr<duckdb::LogicalOperator>;
using ExpressionPtr = duckdb::unique_ptr<duckdb::Expression>;

// Stands for the rows of a source until it is known whether they are needed.
struct OlderRows : duckdb::TableFunctionData {
  OlderRows(TierBoundary where, duckdb::vector<std::string> its_names,
            duckdb::vector<LogicalType> its_types)
      : boundary(std::move(where)),
        names(std::move(its_names)),
        types(std::move(its_types)) {}
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    return duckdb::make_uniq<OlderRows>(*this);
  }
  bool Equals(const FunctionData& other) const override { return this == &other; }

  TierBoundary boundary;
  duckdb::vector<std::string> names;
  duckdb::vector<LogicalType> types;
  std::string refusal;  // why the source could not be asked
};

constexpr const char* kOlderRows = "pintail_older_rows";

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> RefuseToRead(
    duckdb::ClientContext&, duckdb::TableFunctionInitInput& input) {
  const auto& rows = input.bind_data->Cast<OlderRows>();
  throw duckdb::IOException("the rows before " + rows.boundary.value +
                            " of the column \"" + rows.boundary.column + "\" are in " +
                            QuoteName(rows.boundary.target) +
                            ", which cannot be asked now (" + rows.refusal +
                            "); ask for newer rows only, or again later");
}

void ReadNothing(duckdb::ClientContext&, duckdb::TableFunctionInput&,
                 duckdb::DataChunk&) {}

OperatorPtr PlaceForOlderRows(idx_t table_index, const TierBoundary& boundary,
                              const TierColumns& columns) {
  duckdb::TableFunction function(kOlderRows, {}, ReadNothing, nullptr, RefuseToRead);
  function.projection_pushdown = true;
  auto scan = duckdb::make_uniq<duckdb::LogicalGet>(
      table_index, function,
      duckdb::make_uniq<OlderRows>(boundary, columns.names, columns.types), columns.types,
      columns.names);
  duckdb::vector<duckdb::ColumnIndex> ids;
  for (idx_t i = 0; i < columns.names.size(); ++i) ids.emplace_back(i);
  scan->SetColumnIds(std::move(ids));
  return scan;
}

ExpressionPtr Column(const LogicalType& type, duckdb::ColumnBinding binding) {
  return duckdb::make_uniq<duckdb::BoundColumnRefExpression>(type, binding);
}

ExpressionPtr Compare(ExpressionType how, const LogicalType& type,
                      duckdb::ColumnBinding binding, const TierBoundary& boundary) {
  return duckdb::make_uniq<duckdb::BoundComparisonExpression>(
      how, Column(type, binding),
      duckdb::make_uniq<duckdb::BoundConstantExpression>(
          duckdb::Value(boundary.value).DefaultCastAs(type)));
}

// WHERE column >= boundary OR column IS NULL
ExpressionPtr IsHot(const LogicalType& type, duckdb::ColumnBinding binding,
                    const TierBoundary& boundary) {
  auto is_null = duckdb::make_uniq<duckdb::BoundOperatorExpression>(
      ExpressionType::OPERATOR_IS_NULL, LogicalType::BOOLEAN);
  is_null->children.push_back(Column(type, binding));
  return duckdb::make_uniq<duckdb::BoundConjunctionExpression>(
      ExpressionType::CONJUNCTION_OR,
      Compare(ExpressionType::COMPARE_GREATERTHANOREQUALTO, type, binding, boundary),
      std::move(is_null));
}

// The kept columns of those of `from` that fulfil the condition.
OperatorPtr Side(idx_t table_index, OperatorPtr from, ExpressionPtr condition,
                 const TierColumns& columns) {
  const auto bindings = from->GetColumnBindings();
  auto filter = duckdb::make_uniq<duckdb::LogicalFilter>(std::move(condition));
  filter->children.push_back(std::move(from));
  duckdb::vector<ExpressionPtr> kept;
  for (idx_t i = 0; i < columns.kept; ++i) {
    kept.push_back(Column(columns.types[i], bindings[i]));
  }
  auto projection =
      duckdb::make_uniq<duckdb::LogicalProjection>(table_index, std::move(kept));
  projection->children.push_back(std::move(filter));
  projection->ResolveOperatorTypes();
  return projection;
}

// The columns of the source's table, in the types that they have here.
OperatorPtr ScanOfSource(duckdb::Binder& binder, const OlderRows& rows,
                         idx_t table_index) {
  std::string columns;
  for (idx_t i = 0; i < rows.names.size(); ++i) {
    columns += (i > 0 ? ", CAST(" : "CAST(") + QuoteName(rows.names[i]) + " AS " +
               rows.types[i].ToString() + ")";
  }
  duckdb::Parser parser;
  parser.ParseQuery("SELECT " + columns + " FROM " + QuoteName(rows.boundary.target));
  auto own = duckdb::Binder::CreateBinder(binder.context, &binder);
  auto plan = own->Bind(*parser.statements.at(0)).plan;
  plan->ResolveOperatorTypes();
  const auto bindings = plan->GetColumnBindings();
  duckdb::vector<ExpressionPtr> values;
  for (idx_t i = 0; i < rows.types.size(); ++i) {
    values.push_back(Column(rows.types[i], bindings.at(i)));
  }
  auto projection =
      duckdb::make_uniq<duckdb::LogicalProjection>(table_index, std::move(values));
  projection->children.push_back(std::move(plan));
  projection->ResolveOperatorTypes();
  return projection;
}

bool HasParameters(duckdb::LogicalOperator& op) {
  bool has = false;
  duckdb::LogicalOperatorVisitor::EnumerateExpressions(
      op, [&](ExpressionPtr* each) { has = has || (*each)->HasParameter(); });
  for (auto& child : op.children) has = has || HasParameters(*child);
  return has;
}

class SourceAsker {
 public:
  explicit SourceAsker(duckdb::Binder& binder) : binder_(binder) {}

  void Visit(OperatorPtr& op) {
    for (auto& child : op->children) Visit(child);
    if (op->type != duckdb::LogicalOperatorType::LOGICAL_GET) return;
    auto& scan = op->Cast<duckdb::LogicalGet>();
    if (scan.function.name != kOlderRows) return;
    found_ = true;
    auto& rows = scan.bind_data->Cast<OlderRows>();
    try {
      op = ScanOfSource(binder_, rows, scan.table_index);
    } catch (const std::exception& exception) {
      // The optimizer may still find out that they are not needed.
      rows.refusal = duckdb::ErrorData(exception).RawMessage();
      failed_ = true;
    }
  }

  bool found() const { return found_; }
  bool failed() const { return failed_; }

 private:
  duckdb::Binder& binder_;
  bool found_ = false;
  bool failed_ = false;
};

std::string TextAt(duckdb::DataChunk& chunk, idx_t column, idx_t row) {
  const duckdb::Value value = chunk.GetValue(column, row);
  return value.IsNull() ? std::string() : value.ToString();
}

}  // namespace

std::optional<TierBoundary> BoundaryOf(duckdb::ClientContext& context,
                                       const TailStore& store, const TailKey& key) {
  const std::string name = "tiers";  // the look-up refers to it
  const duckdb::EntryLookupInfo lookup(duckdb::CatalogType::TABLE_ENTRY, name);
  auto entry = duckdb::Catalog::GetEntry(context, store.main_name(), kJournalSchema,
                                         lookup, duckdb::OnEntryNotFound::RETURN_NULL);
  if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return std::nullopt;
  auto& table = entry->Cast<duckdb::DuckTableEntry>();
  auto& transaction = duckdb::DuckTransaction::Get(context, table.ParentCatalog());
  duckdb::vector<duckdb::StorageIndex> columns;
  duckdb::vector<LogicalType> types;
  for (const auto& column : table.GetColumns().Physical()) {
    columns.emplace_back(column.StorageOid());
    types.push_back(column.Type());
  }
  duckdb::TableScanState state;
  table.GetStorage().InitializeScan(context, transaction, state, columns);
  duckdb::DataChunk chunk;
  chunk.Initialize(context, types);
  while (true) {
    chunk.Reset();
    table.GetStorage().Scan(transaction, chunk, state);
    if (chunk.size() == 0) return std::nullopt;
    for (idx_t row = 0; row < chunk.size(); ++row) {
      if (!duckdb::StringUtil::CIEquals(TextAt(chunk, 0, row), key.schema) ||
          !duckdb::StringUtil::CIEquals(TextAt(chunk, 1, row), key.table) ||
          chunk.GetValue(6, row).IsNull()) {
        continue;
      }
      return TierBoundary{.target = {.catalog = TextAt(chunk, 2, row),
                                     .schema = TextAt(chunk, 3, row),
                                     .table = TextAt(chunk, 4, row)},
                          .column = TextAt(chunk, 5, row),
                          .value = TextAt(chunk, 6, row)};
    }
  }
}

idx_t AddBoundaryColumn(duckdb::LogicalGet& scan, const TierBoundary& boundary) {
  idx_t wanted = 0;
  while (wanted < scan.names.size() &&
         !duckdb::StringUtil::CIEquals(scan.names[wanted], boundary.column)) {
    ++wanted;
  }
  if (wanted == scan.names.size()) {
    throw duckdb::BinderException(
        "the table's older rows are in %s by the column \"%s\", which the table has no "
        "more; bring it back",
        QuoteName(boundary.target), boundary.column);
  }
  const auto& columns = scan.GetColumnIds();
  // count(*) asks for no column.
  if (columns.empty() || columns[0].IsVirtualColumn()) {
    scan.SetColumnIds({duckdb::ColumnIndex(wanted)});
    return 0;
  }
  for (idx_t i = 0; i < columns.size(); ++i) {
    if (columns[i].GetPrimaryIndex() == wanted) return i;
  }
  scan.AddColumnId(wanted);
  return scan.GetColumnIds().size() - 1;
}

OperatorPtr PlanTier(duckdb::Binder& binder, OperatorPtr local,
                     const TierBoundary& boundary, const TierColumns& columns,
                     idx_t table_index) {
  const LogicalType& type = columns.types[columns.boundary];
  local->ResolveOperatorTypes();
  const auto here = local->GetColumnBindings().at(columns.boundary);
  auto hot = Side(binder.GenerateTableIndex(), std::move(local),
                  IsHot(type, here, boundary), columns);
  auto place = PlaceForOlderRows(binder.GenerateTableIndex(), boundary, columns);
  place->ResolveOperatorTypes();
  const auto there = place->GetColumnBindings().at(columns.boundary);
  auto cold =
      Side(binder.GenerateTableIndex(), std::move(place),
           Compare(ExpressionType::COMPARE_LESSTHAN, type, there, boundary), columns);
  auto both = duckdb::make_uniq<duckdb::LogicalSetOperation>(
      table_index, columns.kept, std::move(hot), std::move(cold),
      duckdb::LogicalOperatorType::LOGICAL_UNION, /*setop_all=*/true);
  both->ResolveOperatorTypes();
  return both;
}

bool AskSources(duckdb::Optimizer& optimizer, OperatorPtr& plan) {
  // As DuckDB does next: what is left out here is never asked for. The plan stays one
  // that it can do this with again.
  optimizer.rewriter.VisitOperator(*plan);
  duckdb::FilterPushdown push_down(optimizer);
  duckdb::unordered_set<idx_t> bindings;
  push_down.CheckMarkToSemi(*plan, bindings);
  plan = push_down.Rewrite(std::move(plan));
  SourceAsker asker(optimizer.binder);
  asker.Visit(plan);
  return asker.failed() || (asker.found() && HasParameters(*plan));
}

}  // namespace pintail::engine
