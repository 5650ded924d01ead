// Joins and orders of PlanToSql.
#include <algorithm>
#include <utility>

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_column_data_get.hpp"
#include "engine/push_down_plan.h"
#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using duckdb::ExpressionClass;
using duckdb::ExpressionType;
using duckdb::JoinType;
using duckdb::LogicalOperatorType;
using Text = SqlWriter::Text;

bool IsEquality(ExpressionType comparison) {
  return comparison == ExpressionType::COMPARE_EQUAL ||
         comparison == ExpressionType::COMPARE_NOT_DISTINCT_FROM;
}

Text SayConditions(const duckdb::LogicalComparisonJoin& join, const PushedSelect& left,
                   const PushedSelect& right) {
  // Each side of a condition is about one side of the join.
  const SqlWriter writer(
      left.dialect(),
      SqlWriter::ByBinding([&](const duckdb::ColumnBinding& binding) -> Text {
        const PushedColumn* column = left.Find(binding);
        if (!column) column = right.Find(binding);
        return column ? column->text : std::nullopt;
      }));
  std::string conditions;
  bool has_equality = false;
  for (const auto& condition : join.conditions) {
    const Text text =
        writer.WriteComparison(condition.comparison, *condition.left, *condition.right);
    if (!text) return std::nullopt;
    has_equality |= IsEquality(condition.comparison);
    conditions += (conditions.empty() ? "" : " AND ") + *text;
  }
  // Others make more rows than they take.
  return has_equality ? Text(conditions) : std::nullopt;
}

}  // namespace

// A list of constants that DuckDB made a join of: x IN (1, 2, …), as a column.
std::optional<PushedSelect> PlanToSql::SayIn(duckdb::LogicalComparisonJoin& join) {
  if (join.children[1]->type != LogicalOperatorType::LOGICAL_CHUNK_GET ||
      join.conditions.size() != 1 ||
      join.conditions[0].comparison != ExpressionType::COMPARE_EQUAL) {
    return std::nullopt;
  }
  const auto& condition = join.conditions[0];
  const auto& list = *join.children[1]->Cast<duckdb::LogicalColumnDataGet>().collection;
  const bool plain =
      condition.right->GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF &&
      list.ColumnCount() == 1 && list.Count() <= kListedValues &&
      list.Types()[0] == condition.left->return_type &&
      IsComparable(dialect(), list.Types()[0]);
  if (!plain) return std::nullopt;
  Select select = SayPlain(*join.children[0]);
  const Text value = select ? select->Writer().Write(*condition.left) : std::nullopt;
  if (!value) return std::nullopt;
  std::string values;
  for (auto& chunk : list.Chunks()) {
    for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
      const Text constant = SqlConstant(dialect(), chunk.GetValue(0, row));
      if (!constant) return std::nullopt;
      values += (values.empty() ? "" : ", ") + *constant;
    }
  }
  if (values.empty()) return std::nullopt;
  auto columns = select->columns();
  columns.push_back({.binding = duckdb::ColumnBinding(join.mark_index, 0),
                     .type = duckdb::LogicalType::BOOLEAN,
                     .text = "(" + *value + " IN (" + values + "))"});
  select->SetColumns(std::move(columns));
  return select;
}

std::optional<PushedSelect> PlanToSql::SayJoin(duckdb::LogicalComparisonJoin& join) {
  if (join.join_type == JoinType::MARK) return SayIn(join);
  if (!source_.capabilities.join || join.predicate ||
      !join.duplicate_eliminated_columns.empty()) {
    return std::nullopt;
  }
  Select left = SayPlain(*join.children[0]);
  if (!left) return std::nullopt;
  Select right = SayPlain(*join.children[1]);
  if (!right) return std::nullopt;
  // The side that may be missing is brought into its form before it is written about.
  if (join.join_type == JoinType::LEFT) right->MakeOuterSide();
  if (join.join_type == JoinType::RIGHT) left->MakeOuterSide();
  const Text conditions = SayConditions(join, *left, *right);
  if (!conditions) return std::nullopt;
  switch (join.join_type) {
    case JoinType::INNER: {
      const bool selective = left->IsFiltered() || right->IsFiltered();
      left->JoinInner(*std::move(right), *conditions);
      // Else it may well give as many rows as the larger table has, and wider ones.
      if (selective) left->SetReduces();
      return left;
    }
    case JoinType::LEFT:
      left->JoinLeft(*std::move(right), *conditions);
      return left;
    case JoinType::RIGHT:
      right->JoinLeft(*std::move(left), *conditions);
      return right;
    case JoinType::SEMI:
    case JoinType::ANTI:
      left->KeepMatched(*right, *conditions, join.join_type == JoinType::SEMI);
      left->SetReduces();
      return left;
    case JoinType::RIGHT_SEMI:
    case JoinType::RIGHT_ANTI:
      right->KeepMatched(*left, *conditions, join.join_type == JoinType::RIGHT_SEMI);
      right->SetReduces();
      return right;
    default:
      return std::nullopt;
  }
}

Text PlanToSql::SayOrder(const duckdb::vector<duckdb::BoundOrderByNode>& orders,
                         const PushedSelect& select) const {
  std::string list;
  for (const auto& order : orders) {
    const auto& expression = *order.expression;
    // A constant orders nothing, and would be the number of a column.
    if (expression.GetExpressionClass() == ExpressionClass::BOUND_CONSTANT) continue;
    const Text text = select.Writer().Write(expression);
    if (!text || !IsSortable(dialect(), expression.return_type)) return std::nullopt;
    const bool first = order.null_order == duckdb::OrderByNullType::NULLS_FIRST;
    if ((!first && order.null_order != duckdb::OrderByNullType::NULLS_LAST) ||
        (order.type != duckdb::OrderType::ASCENDING &&
         order.type != duckdb::OrderType::DESCENDING)) {
      return std::nullopt;
    }
    const std::string direction =
        order.type == duckdb::OrderType::ASCENDING ? " ASC" : " DESC";
    if (!list.empty()) list += ", ";
    if (dialect() == SqlDialect::kMysql) {
      list += *text + (first ? " IS NOT NULL, " : " IS NULL, ") + *text + direction;
    } else {
      list += *text + direction + (first ? " NULLS FIRST" : " NULLS LAST");
    }
  }
  return list;
}

std::optional<PushedSelect> PlanToSql::SayTopN(duckdb::LogicalTopN& top) {
  if (!source_.capabilities.order) return std::nullopt;
  Select select = Say(*top.children[0]);
  if (!select) return std::nullopt;
  if (select->HasLimit()) select->Wrap();
  const Text order = SayOrder(top.orders, *select);
  if (!order) return std::nullopt;
  select->SetOrder(*order);
  select->SetLimit(top.limit, top.offset);
  return select;
}

std::optional<PushedSelect> PlanToSql::SayLimit(duckdb::LogicalLimit& limit) {
  using duckdb::LimitNodeType;
  if (!source_.capabilities.order || dialect() == SqlDialect::kGeneric ||
      limit.limit_val.Type() != LimitNodeType::CONSTANT_VALUE) {
    return std::nullopt;
  }
  uint64_t offset = 0;
  if (limit.offset_val.Type() == LimitNodeType::CONSTANT_VALUE) {
    offset = limit.offset_val.GetConstantValue();
  } else if (limit.offset_val.Type() != LimitNodeType::UNSET) {
    return std::nullopt;
  }
  Select select = Say(*limit.children[0]);
  if (!select) return std::nullopt;
  if (select->HasLimit()) select->Wrap();
  const bool reduces = select->reduces();
  select->SetLimit(limit.limit_val.GetConstantValue(), offset);
  // A scan of PostgreSQL takes a limit itself, as our own do.
  const bool takes_limits = source_.own || dialect() == SqlDialect::kPostgres;
  if (takes_limits && !reduces && !select->IsJoined()) {
    select->SetReduces(false);
  }
  return select;
}

}  // namespace pintail::engine
