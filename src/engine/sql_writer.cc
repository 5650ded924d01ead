#include "engine/sql_writer.h"

#include <utility>

#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using duckdb::Expression;
using duckdb::ExpressionClass;
using duckdb::ExpressionType;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using Text = SqlWriter::Text;

int Rank(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::TINYINT:
      return 1;
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::SMALLINT:
      return 2;
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::INTEGER:
      return 3;
    case LogicalTypeId::UINTEGER:
    case LogicalTypeId::BIGINT:
      return 4;
    case LogicalTypeId::HUGEINT:
      return 5;
    default:
      return 0;
  }
}

// Doubles have 53 bits: a decimal of 15 digits is one division of two exact numbers.
constexpr int kExactDoubleDigits = 15;

bool IsExactCast(const LogicalType& from, const LogicalType& to) {
  if (Rank(from) > 0) {
    if (Rank(to) > 0) return Rank(to) >= Rank(from);
    // Not HUGEINT to DOUBLE: the two round otherwise.
    return to.id() == LogicalTypeId::DECIMAL ||
           (to.id() == LogicalTypeId::DOUBLE && Rank(from) < 5);
  }
  switch (from.id()) {
    case LogicalTypeId::DECIMAL:
      if (to.id() == LogicalTypeId::DECIMAL) {
        return duckdb::DecimalType::GetScale(to) >= duckdb::DecimalType::GetScale(from);
      }
      return to.id() == LogicalTypeId::DOUBLE &&
             duckdb::DecimalType::GetWidth(from) <= kExactDoubleDigits;
    case LogicalTypeId::FLOAT:
      return to.id() == LogicalTypeId::DOUBLE;
    case LogicalTypeId::DATE:
      return to.id() == LogicalTypeId::TIMESTAMP;
    default:
      return false;
  }
}

const char* Sign(ExpressionType comparison) {
  switch (comparison) {
    case ExpressionType::COMPARE_EQUAL:
      return " = ";
    case ExpressionType::COMPARE_NOTEQUAL:
      return " <> ";
    case ExpressionType::COMPARE_LESSTHAN:
      return " < ";
    case ExpressionType::COMPARE_GREATERTHAN:
      return " > ";
    case ExpressionType::COMPARE_LESSTHANOREQUALTO:
      return " <= ";
    case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
      return " >= ";
    default:
      return nullptr;
  }
}

// IS NOT DISTINCT FROM, or its opposite.
Text NullSafe(SqlDialect dialect, bool same, const std::string& left,
              const std::string& right) {
  switch (dialect) {
    case SqlDialect::kMysql:
      return same ? "(" + left + " <=> " + right + ")"
                  : "(NOT (" + left + " <=> " + right + "))";
    case SqlDialect::kSqlite:
      return "(" + left + (same ? " IS " : " IS NOT ") + right + ")";
    case SqlDialect::kGeneric:
    case SqlDialect::kNone:
      return std::nullopt;
    default:
      return "(" + left + (same ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ") +
             right + ")";
  }
}

// One side of a comparison. MySQL has a type for years, an INTEGER here, which compares a
// constant as a year, of two digits even; with 0 added it is a number.
Text Compared(const SqlWriter& writer, const Expression& expression,
              const Expression& other) {
  const Text text = writer.Write(expression);
  const bool may_be_year =
      writer.dialect() == SqlDialect::kMysql &&
      expression.return_type.id() == LogicalTypeId::INTEGER &&
      (expression.GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF ||
       expression.GetExpressionClass() == ExpressionClass::BOUND_REF);
  if (!text || !may_be_year || !ConstantOf(other)) return text;
  return "(" + *text + " + 0)";
}

}  // namespace

const duckdb::Value* ConstantOf(const Expression& expression) {
  if (expression.GetExpressionClass() != ExpressionClass::BOUND_CONSTANT) return nullptr;
  const auto& value = expression.Cast<duckdb::BoundConstantExpression>().value;
  return value.IsNull() ? nullptr : &value;
}

SqlWriter::Columns SqlWriter::ByBinding(
    std::function<Text(const duckdb::ColumnBinding&)> column) {
  return [column = std::move(column)](const Expression& expression) -> Text {
    if (expression.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
      return std::nullopt;
    }
    const auto& reference = expression.Cast<duckdb::BoundColumnRefExpression>();
    return reference.depth == 0 ? column(reference.binding) : std::nullopt;
  };
}

Text SqlWriter::WriteList(
    const duckdb::vector<duckdb::unique_ptr<Expression>>& expressions,
    const char* separator) const {
  std::string list;
  for (const auto& expression : expressions) {
    const Text text = Write(*expression);
    if (!text) return std::nullopt;
    if (!list.empty()) list += separator;
    list += *text;
  }
  return list;
}

Text SqlWriter::Write(const Expression& expression) const {
  switch (expression.GetExpressionClass()) {
    case ExpressionClass::BOUND_COLUMN_REF:
    case ExpressionClass::BOUND_REF:
      return columns_(expression);
    case ExpressionClass::BOUND_CONSTANT:
      return SqlConstant(dialect_,
                         expression.Cast<duckdb::BoundConstantExpression>().value);
    case ExpressionClass::BOUND_COMPARISON: {
      const auto& comparison = expression.Cast<duckdb::BoundComparisonExpression>();
      return WriteComparison(comparison.GetExpressionType(), *comparison.left,
                             *comparison.right);
    }
    case ExpressionClass::BOUND_CONJUNCTION: {
      const auto& conjunction = expression.Cast<duckdb::BoundConjunctionExpression>();
      const bool all = conjunction.GetExpressionType() == ExpressionType::CONJUNCTION_AND;
      const Text list = WriteList(conjunction.children, all ? " AND " : " OR ");
      return list ? "(" + *list + ")" : Text();
    }
    case ExpressionClass::BOUND_BETWEEN: {
      const auto& between = expression.Cast<duckdb::BoundBetweenExpression>();
      const Text lower =
          WriteComparison(between.LowerComparisonType(), *between.input, *between.lower);
      const Text upper =
          WriteComparison(between.UpperComparisonType(), *between.input, *between.upper);
      return lower && upper ? "(" + *lower + " AND " + *upper + ")" : Text();
    }
    case ExpressionClass::BOUND_OPERATOR:
      return WriteOperator(expression.Cast<duckdb::BoundOperatorExpression>());
    case ExpressionClass::BOUND_CASE:
      return WriteCase(expression.Cast<duckdb::BoundCaseExpression>());
    case ExpressionClass::BOUND_CAST:
      return WriteCast(expression.Cast<duckdb::BoundCastExpression>());
    case ExpressionClass::BOUND_FUNCTION:
      return WriteFunction(expression.Cast<duckdb::BoundFunctionExpression>());
    default:
      return std::nullopt;
  }
}

Text SqlWriter::WriteComparison(ExpressionType comparison, const Expression& left,
                                const Expression& right) const {
  const LogicalType& type = left.return_type;
  if (type != right.return_type || !IsComparable(dialect_, type)) return std::nullopt;
  const Text left_text = Compared(*this, left, right);
  const Text right_text = Compared(*this, right, left);
  if (!left_text || !right_text) return std::nullopt;
  if (const char* sign = Sign(comparison)) {
    return "(" + *left_text + sign + *right_text + ")";
  }
  if (comparison != ExpressionType::COMPARE_DISTINCT_FROM &&
      comparison != ExpressionType::COMPARE_NOT_DISTINCT_FROM) {
    return std::nullopt;
  }
  return NullSafe(dialect_, comparison == ExpressionType::COMPARE_NOT_DISTINCT_FROM,
                  *left_text, *right_text);
}

Text SqlWriter::WriteCase(const duckdb::BoundCaseExpression& expression) const {
  std::string text = "(CASE";
  for (const auto& check : expression.case_checks) {
    const Text when = Write(*check.when_expr);
    const Text then = Write(*check.then_expr);
    if (!when || !then) return std::nullopt;
    text += " WHEN " + *when + " THEN " + *then;
  }
  const Text otherwise = Write(*expression.else_expr);
  if (!otherwise) return std::nullopt;
  return text + " ELSE " + *otherwise + " END)";
}

Text SqlWriter::WriteCast(const duckdb::BoundCastExpression& cast) const {
  const LogicalType& from = cast.child->return_type;
  const LogicalType& to = cast.return_type;
  // TRY_CAST gives NULL where a source would end with an error.
  if (cast.try_cast || !IsExactCast(from, to)) return std::nullopt;
  if (!IsComparable(dialect_, from)) return std::nullopt;
  // A shorter type than the numbers need: MySQL takes the nearest one, with a warning.
  if (dialect_ == SqlDialect::kMysql && to.id() == LogicalTypeId::DECIMAL) {
    const int digits =
        duckdb::DecimalType::GetWidth(to) - duckdb::DecimalType::GetScale(to);
    const int needed =
        from.id() == LogicalTypeId::DECIMAL
            ? duckdb::DecimalType::GetWidth(from) - duckdb::DecimalType::GetScale(from)
            : (Rank(from) >= 4 ? 19 : 10);
    if (digits < needed) return std::nullopt;
  }
  const Text type = SqlType(dialect_, to);
  const Text child = Write(*cast.child);
  if (!type || !child) return std::nullopt;
  return "CAST(" + *child + " AS " + *type + ")";
}

Text SqlWriter::WriteIn(const duckdb::BoundOperatorExpression& expression) const {
  const auto& children = expression.children;
  if (children.size() > kListedValues + 1) return std::nullopt;
  std::string list;
  const Expression* constant = nullptr;
  for (size_t i = 1; i < children.size(); ++i) {
    const LogicalType& type = children[i]->return_type;
    if (type != children[0]->return_type) return std::nullopt;
    const Text text = Write(*children[i]);
    if (!text) return std::nullopt;
    if (ConstantOf(*children[i])) constant = children[i].get();
    list += (i > 1 ? ", " : "") + *text;
  }
  const Text value =
      constant ? Compared(*this, *children[0], *constant) : Write(*children[0]);
  if (!value || !IsComparable(dialect_, children[0]->return_type)) return std::nullopt;
  const bool in = expression.GetExpressionType() == ExpressionType::COMPARE_IN;
  return "(" + *value + (in ? " IN (" : " NOT IN (") + list + "))";
}

Text SqlWriter::WriteOperator(const duckdb::BoundOperatorExpression& expression) const {
  const auto& children = expression.children;
  switch (expression.GetExpressionType()) {
    case ExpressionType::OPERATOR_NOT: {
      const Text text = Write(*children[0]);
      return text ? "(NOT " + *text + ")" : Text();
    }
    case ExpressionType::OPERATOR_IS_NULL:
    case ExpressionType::OPERATOR_IS_NOT_NULL: {
      const Text text = Write(*children[0]);
      const bool null =
          expression.GetExpressionType() == ExpressionType::OPERATOR_IS_NULL;
      return text ? "(" + *text + (null ? " IS NULL)" : " IS NOT NULL)") : Text();
    }
    case ExpressionType::OPERATOR_COALESCE: {
      for (const auto& child : children) {
        if (child->return_type != expression.return_type) return std::nullopt;
      }
      const Text list = WriteList(children, ", ");
      return list ? "COALESCE(" + *list + ")" : Text();
    }
    case ExpressionType::COMPARE_IN:
    case ExpressionType::COMPARE_NOT_IN:
      return WriteIn(expression);
    default:
      return std::nullopt;
  }
}

Text SqlWriter::WriteAggregate(const duckdb::BoundAggregateExpression& aggregate) const {
  const std::string& name = aggregate.function.name;
  if (aggregate.order_bys) return std::nullopt;
  std::string filter;
  if (aggregate.filter) {
    // The others have no FILTER, or not in every version that is in use.
    if (dialect_ != SqlDialect::kPostgres && dialect_ != SqlDialect::kDuckdb) {
      return std::nullopt;
    }
    const Text condition = Write(*aggregate.filter);
    if (!condition) return std::nullopt;
    filter = " FILTER (WHERE " + *condition + ")";
  }
  if (name == "count_star") return "COUNT(*)" + filter;
  if (aggregate.children.size() != 1) return std::nullopt;
  const LogicalType& type = aggregate.children[0]->return_type;
  const Text child = Write(*aggregate.children[0]);
  if (!child || !SqlType(dialect_, type)) return std::nullopt;
  if (aggregate.IsDistinct() && !IsGroupable(dialect_, type)) return std::nullopt;
  const std::string argument =
      (aggregate.IsDistinct() ? "(DISTINCT " : "(") + *child + ")" + filter;
  if (name == "count") return "COUNT" + argument;
  if (name == "min" || name == "max") {
    const bool ordered = IsComparable(dialect_, type) &&
                         type.id() != LogicalTypeId::BOOLEAN &&
                         type.id() != LogicalTypeId::UUID;
    // Of 0.0 and -0.0 any may be the smallest: they are equal.
    return ordered ? (name == "min" ? "MIN" : "MAX") + argument : Text();
  }
  if (name != "sum" && name != "sum_no_overflow") return std::nullopt;
  if (type.id() == LogicalTypeId::DOUBLE) {
    const bool known = dialect_ != SqlDialect::kGeneric && !aggregate.IsDistinct();
    return known ? "SUM" + argument : Text();
  }
  if (Rank(type) == 0 && type.id() != LogicalTypeId::DECIMAL) return std::nullopt;
  switch (dialect_) {
    case SqlDialect::kPostgres:
      // Its sum of integers is a bigint, DuckDB's a HUGEINT that can be added to.
      return "CAST(SUM" + argument + " AS numeric)";
    case SqlDialect::kMysql:
    case SqlDialect::kDuckdb:
    case SqlDialect::kSnowflake:
      return "SUM" + argument;
    default:
      // A sum that does not fit 64 bits ends with an error, in DuckDB it does not.
      return std::nullopt;
  }
}

}  // namespace pintail::engine
