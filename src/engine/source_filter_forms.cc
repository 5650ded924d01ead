// Filters as keys, and DuckDB's own kind of filters as expressions.

#include <algorithm>

#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"
#include "duckdb/planner/filter/list.hpp"
#include "engine/source_filter.h"
#include "engine/sql_writer.h"

namespace pintail::engine {
using duckdb::ExpressionType;

std::optional<std::vector<duckdb::Value>> KeysOf(const duckdb::Expression& expression,
                                                 const ColumnOf& column_of) {
  const auto is_key = [&](const duckdb::Expression& child) {
    const auto* column = column_of(child);
    return column && column->key;
  };
  if (expression.GetExpressionType() == ExpressionType::COMPARE_EQUAL &&
      expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_COMPARISON) {
    const auto& equal = expression.Cast<duckdb::BoundComparisonExpression>();
    const auto* value = ConstantOf(is_key(*equal.left) ? *equal.right : *equal.left);
    if (!value || !(is_key(*equal.left) || is_key(*equal.right))) return std::nullopt;
    return std::vector{*value};
  }
  if (expression.GetExpressionType() == ExpressionType::COMPARE_IN) {
    const auto& list = expression.Cast<duckdb::BoundOperatorExpression>();
    if (list.children.empty() || !is_key(*list.children[0])) return std::nullopt;
    std::vector<duckdb::Value> values;
    for (size_t i = 1; i < list.children.size(); ++i) {
      const auto* value = ConstantOf(*list.children[i]);
      if (!value) return std::nullopt;
      if (std::ranges::find(values, *value) == values.end()) values.push_back(*value);
    }
    return values;
  }
  if (expression.GetExpressionType() == ExpressionType::CONJUNCTION_AND) {
    for (const auto& child :
         expression.Cast<duckdb::BoundConjunctionExpression>().children) {
      if (auto keys = KeysOf(*child, column_of)) return keys;
    }
  }
  return std::nullopt;
}

duckdb::unique_ptr<duckdb::Expression> ExpressionOfFilter(
    const duckdb::TableFilter& filter, const duckdb::Expression& column,
    bool with_optional) {
  using duckdb::TableFilterType;
  switch (filter.filter_type) {
    case TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      if (!with_optional || !child) return nullptr;
      return ExpressionOfFilter(*child, column, with_optional);
    }
    case TableFilterType::BLOOM_FILTER:
    case TableFilterType::DYNAMIC_FILTER:
      return nullptr;
    case TableFilterType::CONJUNCTION_AND: {
      auto all = duckdb::make_uniq<duckdb::BoundConjunctionExpression>(
          ExpressionType::CONJUNCTION_AND);
      for (const auto& child :
           filter.Cast<duckdb::ConjunctionAndFilter>().child_filters) {
        auto part = ExpressionOfFilter(*child, column, with_optional);
        if (part) all->children.push_back(std::move(part));
      }
      if (all->children.empty()) return nullptr;
      if (all->children.size() == 1) return std::move(all->children[0]);
      return all;
    }
    default:
      return filter.ToExpression(column);
  }
}

}  // namespace pintail::engine
