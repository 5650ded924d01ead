#include "engine/push_down.h"

#include <optional>
#include <utility>

#include "duckdb/main/client_context.hpp"
#include "duckdb/optimizer/column_binding_replacer.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "engine/push_down_plan.h"
#include "engine/push_down_source.h"

namespace pintail::engine {
namespace {

using duckdb::ColumnBinding;
using duckdb::LogicalOperator;
using duckdb::LogicalOperatorType;
using OperatorPtr = duckdb::unique_ptr<LogicalOperator>;

// Plans that are deeper or wider than people write are left as they are.
constexpr size_t kOperators = 2'000;
// A statement is sent and parsed as a whole.
constexpr size_t kStatementBytes = 256 << 10;

size_t CountOperators(const LogicalOperator& op) {
  size_t count = 1;
  for (const auto& child : op.children) count += CountOperators(*child);
  return count;
}

class PushDown {
 public:
  PushDown(duckdb::ClientContext& context, duckdb::Binder& binder, OperatorPtr& plan)
      : context_(context), binder_(binder), plan_(plan) {}

  void Visit(OperatorPtr& op) {
    if (const auto source = OnlySource(*op)) {
      if (Replace(op, *source)) return;
    }
    for (auto& child : op->children) Visit(child);
  }

 private:
  // The source that all tables below belong to; nothing when they do not, or there are
  // none.
  static std::optional<PushDownSource> OnlySource(const LogicalOperator& op) {
    if (op.type == LogicalOperatorType::LOGICAL_GET) {
      return SourceOf(op.Cast<duckdb::LogicalGet>());
    }
    std::optional<PushDownSource> only;
    for (const auto& child : op.children) {
      if (child->type == LogicalOperatorType::LOGICAL_CHUNK_GET) continue;  // constants
      const auto source = OnlySource(*child);
      if (!source || (only && !(*only == *source))) return std::nullopt;
      only = source;
    }
    return only;
  }

  // Rows in an order, which a source keeps only to say which ones they are.
  static bool IsOrdered(const LogicalOperator& op) {
    if (op.type == LogicalOperatorType::LOGICAL_TOP_N) return true;
    return op.type == LogicalOperatorType::LOGICAL_PROJECTION &&
           IsOrdered(*op.children[0]);
  }

  bool Replace(OperatorPtr& op, const PushDownSource& source) {
    const bool is_top = op->type == LogicalOperatorType::LOGICAL_TOP_N;
    if (!is_top && IsOrdered(*op)) return false;
    auto select = PlanToSql(source).Say(*op);
    if (!select || !select->reduces()) return false;
    // The order of rows and which of them are left out is DuckDB's affair: these stay,
    // above a source that gives no more than they need.
    const bool stays = is_top || op->type == LogicalOperatorType::LOGICAL_LIMIT;
    if (stays) select->TakeSkippedRows();
    OperatorPtr& place = stays ? op->children[0] : op;
    auto statement = select->Finish(place->GetColumnBindings());
    if (!statement || statement->sql.size() > kStatementBytes) return false;
    Put(place, source, *std::move(statement));
    return true;
  }

  void Put(OperatorPtr& place, const PushDownSource& source,
           PushedSelect::Result statement) {
    const auto old_bindings = place->GetColumnBindings();
    const auto scan_index = binder_.GenerateTableIndex();
    auto scan = MakeSourceScan(context_, scan_index, source,
                               {.sql = statement.sql, .types = statement.types});
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> values;
    duckdb::idx_t column = 0;
    for (const FinishedValue& value : statement.values) {
      duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> parts;
      for (size_t i = 0; i < value.parts.size(); ++i, ++column) {
        parts.push_back(duckdb::make_uniq<duckdb::BoundColumnRefExpression>(
            scan->returned_types[column], ColumnBinding(scan_index, column)));
      }
      values.push_back(FinishValue(context_, value, std::move(parts)));
    }
    const auto index = binder_.GenerateTableIndex();
    auto projection =
        duckdb::make_uniq<duckdb::LogicalProjection>(index, std::move(values));
    if (place->has_estimated_cardinality) {
      scan->SetEstimatedCardinality(place->estimated_cardinality);
      projection->SetEstimatedCardinality(place->estimated_cardinality);
    }
    projection->children.push_back(std::move(scan));
    projection->ResolveOperatorTypes();
    place = std::move(projection);
    // Whoever refers to the columns of the subtree now refers to the projection's.
    duckdb::ColumnBindingReplacer replacer;
    for (duckdb::idx_t i = 0; i < old_bindings.size(); ++i) {
      replacer.replacement_bindings.emplace_back(old_bindings[i],
                                                 ColumnBinding(index, i));
    }
    replacer.stop_operator = place.get();
    replacer.VisitOperator(*plan_);
  }

  duckdb::ClientContext& context_;
  duckdb::Binder& binder_;
  OperatorPtr& plan_;
};

bool IsOn(duckdb::ClientContext& context) {
  duckdb::Value value;
  return !context.TryGetCurrentSetting(kPushDownSetting, value) || value.IsNull() ||
         value.GetValue<bool>();
}

// After DuckDB's optimizers: filters have reached their tables, joins have their order,
// and subqueries have become joins.
void PushIntoSources(duckdb::OptimizerExtensionInput& input, OperatorPtr& plan) {
  if (!IsOn(input.context) || CountOperators(*plan) > kOperators) return;
  plan->ResolveOperatorTypes();
  PushDown(input.context, input.optimizer.binder, plan).Visit(plan);
}

}  // namespace

void PreparePushDown(duckdb::DBConfig& config) {
  config.AddExtensionOption(kPushDownSetting,
                            "whether sources compute aggregates, joins and limits of "
                            "their tables themselves",
                            duckdb::LogicalType::BOOLEAN, duckdb::Value::BOOLEAN(true));
  duckdb::OptimizerExtension extension;
  extension.optimize_function = PushIntoSources;
  duckdb::OptimizerExtension::Register(config, std::move(extension));
}

}  // namespace pintail::engine
