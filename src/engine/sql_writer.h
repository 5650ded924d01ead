// Writes DuckDB's bound expressions as text of another database's SQL, or says that it
// cannot. Private to the engine; immutable, callable from any thread.
//
// It is an allow-list: an expression is written only if its value there is known to be
// the one that DuckDB would compute, for every input. Where DuckDB would end with an
// error (an overflow), the source may end with its own, or give the exact number.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "duckdb/planner/column_binding.hpp"
#include "duckdb/planner/expression.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_between_expression.hpp"
#include "duckdb/planner/expression/bound_case_expression.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"
#include "engine/source.h"

namespace pintail::engine {

// The constant, if it is one and not NULL.
const duckdb::Value* ConstantOf(const duckdb::Expression& expression);

// Longer lists of values are better joined with by DuckDB.
inline constexpr size_t kListedValues = 1'000;

class SqlWriter {
 public:
  using Text = std::optional<std::string>;
  // The text of a column that an expression (a reference) stands for, in the form of
  // SqlColumn; nothing when it has none.
  using Columns = std::function<Text(const duckdb::Expression&)>;
  static Columns ByBinding(std::function<Text(const duckdb::ColumnBinding&)> column);

  SqlWriter(SqlDialect dialect, Columns columns)
      : dialect_(dialect), columns_(std::move(columns)) {}

  // An expression that may stand as an operand of any other; nothing when it is not
  // known how to say it.
  Text Write(const duckdb::Expression& expression) const;

  // count, sum, min and max, in the type that DuckDB gives them.
  Text WriteAggregate(const duckdb::BoundAggregateExpression& aggregate) const;

  // left OP right, of a comparison, for both of one type.
  Text WriteComparison(duckdb::ExpressionType comparison, const duckdb::Expression& left,
                       const duckdb::Expression& right) const;

  SqlDialect dialect() const { return dialect_; }

 private:
  Text WriteCase(const duckdb::BoundCaseExpression& expression) const;
  Text WriteCast(const duckdb::BoundCastExpression& cast) const;
  Text WriteOperator(const duckdb::BoundOperatorExpression& expression) const;
  Text WriteIn(const duckdb::BoundOperatorExpression& expression) const;
  Text WriteFunction(const duckdb::BoundFunctionExpression& function) const;
  Text WriteArithmetic(const duckdb::BoundFunctionExpression& function) const;
  Text WriteDivision(const duckdb::BoundFunctionExpression& function) const;
  Text WriteTextFunction(const duckdb::BoundFunctionExpression& function) const;
  Text WriteLike(const duckdb::BoundFunctionExpression& function) const;
  Text WriteTimePart(const duckdb::BoundFunctionExpression& function) const;
  Text WriteDateTrunc(const duckdb::BoundFunctionExpression& function) const;
  // Each written, and joined by the separator; nothing when one cannot be written.
  Text WriteList(
      const duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& expressions,
      const char* separator) const;

  const SqlDialect dialect_;
  const Columns columns_;
};

}  // namespace pintail::engine
