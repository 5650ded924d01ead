#include "engine/source_filter.h"

#include <utility>

#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "engine/sql_dialect.h"
#include "engine/sql_writer.h"

namespace pintail::engine {
namespace {

using duckdb::Expression;
using duckdb::ExpressionClass;
using duckdb::ExpressionType;
using duckdb::LogicalTypeId;
using Condition = std::optional<SourceCondition>;
using Text = std::optional<std::string>;

bool IsTime(const duckdb::LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIME:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ:
      return true;
    default:
      return false;
  }
}

class Conditions {
 public:
  Conditions(const ColumnOf& column_of, SqlDialect dialect)
      : column_of_(column_of),
        dialect_(dialect),
        writer_(dialect, [this](const Expression& expression) -> Text {
          const SourceColumn* column = column_of_(expression);
          const Text name = column ? SqlName(dialect_, column->name) : Text();
          return name ? SqlSourceColumn(dialect_, *column, *name) : Text();
        }) {}
  Conditions(const Conditions&) = delete;
  Conditions& operator=(const Conditions&) = delete;

  Condition Write(const Expression& expression) const {
    if (expression.GetExpressionClass() == ExpressionClass::BOUND_CONJUNCTION) {
      return WriteConjunction(expression.Cast<duckdb::BoundConjunctionExpression>());
    }
    if (const Text null = WriteNullTest(expression)) return SourceCondition{*null};
    const Text exact = writer_.Write(expression);
    const Text indexed = WriteIndexed(expression);
    if (exact && indexed) return SourceCondition{"(" + *indexed + " AND " + *exact + ")"};
    if (exact) return SourceCondition{*exact};
    if (indexed) return SourceCondition{*indexed, /*exact=*/false};
    return std::nullopt;
  }

 private:
  Condition WriteConjunction(
      const duckdb::BoundConjunctionExpression& conjunction) const {
    const bool all = conjunction.GetExpressionType() == ExpressionType::CONJUNCTION_AND;
    SourceCondition joined;
    for (const auto& child : conjunction.children) {
      const Condition part = Write(*child);
      if (!part) {
        // One of several that must all be true may be left out.
        if (!all) return std::nullopt;
        joined.exact = false;
        continue;
      }
      if (!joined.sql.empty()) joined.sql += all ? " AND " : " OR ";
      joined.sql += part->sql;
      joined.exact = joined.exact && part->exact;
    }
    if (joined.sql.empty()) return std::nullopt;
    joined.sql = "(" + joined.sql + ")";
    return joined;
  }

  // Of columns of any type.
  Text WriteNullTest(const Expression& expression) const {
    const bool null = expression.GetExpressionType() == ExpressionType::OPERATOR_IS_NULL;
    if (!null && expression.GetExpressionType() != ExpressionType::OPERATOR_IS_NOT_NULL) {
      return std::nullopt;
    }
    const auto& operation = expression.Cast<duckdb::BoundOperatorExpression>();
    const SourceColumn* column = column_of_(*operation.children[0]);
    const Text name = column ? SqlName(dialect_, column->name) : Text();
    if (!name) return std::nullopt;
    // A date without a day is sent as NULL by MySQL's drivers.
    if (dialect_ == SqlDialect::kMysql &&
        (IsTime(column->type) || !SqlType(dialect_, column->type))) {
      return std::nullopt;
    }
    return "(" + *name + (null ? " IS NULL)" : " IS NOT NULL)");
  }

  // Texts are compared by their bytes, which an index of another collation does not help
  // with. What the column's own collation takes for the same has these among it.
  Text WriteIndexed(const Expression& expression) const {
    if (dialect_ == SqlDialect::kDuckdb) return std::nullopt;
    switch (expression.GetExpressionClass()) {
      case ExpressionClass::BOUND_COMPARISON: {
        const auto& equal = expression.Cast<duckdb::BoundComparisonExpression>();
        if (expression.GetExpressionType() != ExpressionType::COMPARE_EQUAL) break;
        const bool flipped = ConstantOf(*equal.left) != nullptr;
        const Text name = TextColumn(flipped ? *equal.right : *equal.left);
        const Text value = PlainText(flipped ? *equal.left : *equal.right);
        if (name && value) return "(" + *name + " = " + *value + ")";
        break;
      }
      case ExpressionClass::BOUND_OPERATOR: {
        if (expression.GetExpressionType() != ExpressionType::COMPARE_IN) break;
        const auto& list = expression.Cast<duckdb::BoundOperatorExpression>().children;
        const Text name = TextColumn(*list[0]);
        if (!name || list.size() > kListedValues + 1) break;
        std::string values;
        for (size_t i = 1; i < list.size(); ++i) {
          const Text value = PlainText(*list[i]);
          if (!value) return std::nullopt;
          values += (i > 1 ? ", " : "") + *value;
        }
        return "(" + *name + " IN (" + values + "))";
      }
      case ExpressionClass::BOUND_FUNCTION:
        return WritePrefix(expression.Cast<duckdb::BoundFunctionExpression>());
      default:
        break;
    }
    return std::nullopt;
  }

  // What LIKE 'text%' has become. PostgreSQL has an index for it in the order of bytes
  // only, and refuses it for some collations.
  Text WritePrefix(const duckdb::BoundFunctionExpression& call) const {
    const auto& name = call.function.name;
    if (dialect_ == SqlDialect::kPostgres || call.children.size() != 2 ||
        (name != "prefix" && name != "starts_with" && name != "^@")) {
      return std::nullopt;
    }
    const Text column = TextColumn(*call.children[0]);
    const duckdb::Value* prefix = ConstantOf(*call.children[1]);
    if (!column || !prefix) return std::nullopt;
    const std::string& text = duckdb::StringValue::Get(*prefix);
    if (text.find_first_of("%_\\") != text.npos) return std::nullopt;
    const Text pattern = SqlPlainText(dialect_, text + "%");
    return pattern ? "(" + *column + " LIKE " + *pattern + ")" : Text();
  }

  // The name of a column that is a text in the source too.
  Text TextColumn(const Expression& expression) const {
    const SourceColumn* column = column_of_(expression);
    const bool text = column && column->form == ColumnForm::kSame &&
                      column->type == duckdb::LogicalType::VARCHAR;
    return text ? SqlName(dialect_, column->name) : Text();
  }

  Text PlainText(const Expression& expression) const {
    const duckdb::Value* value = ConstantOf(expression);
    if (!value || value->type() != duckdb::LogicalType::VARCHAR) return std::nullopt;
    return SqlPlainText(dialect_, duckdb::StringValue::Get(*value));
  }

  const ColumnOf& column_of_;
  const SqlDialect dialect_;
  const SqlWriter writer_;
};

bool IsInteger(const duckdb::LogicalType& type) {
  return IsWholeNumber(type) || type.id() == LogicalTypeId::UBIGINT ||
         type.id() == LogicalTypeId::HUGEINT;
}

Text WriteAssignedConstant(const duckdb::Value& value, SqlDialect dialect) {
  if (value.IsNull()) return "NULL";
  // Without a type or a collation it is whatever the column is, an enum say.
  if (dialect == SqlDialect::kPostgres && value.type().id() == LogicalTypeId::VARCHAR) {
    return SqlPlainText(dialect, duckdb::StringValue::Get(value));
  }
  // The double that a float is becomes that float again.
  const bool is_float = value.type().id() == LogicalTypeId::FLOAT;
  const auto text = SqlConstant(
      dialect, is_float ? duckdb::Value::DOUBLE(value.GetValue<double>()) : value);
  if (!text || value.type().id() != LogicalTypeId::VARCHAR) return text;
  return SqlResult(dialect, value.type(), *text);
}

}  // namespace

Text SqlSourceColumn(SqlDialect dialect, const SourceColumn& column,
                     const std::string& name) {
  switch (column.form) {
    case ColumnForm::kSame:
      return SqlColumn(dialect, column.type, name);
    case ColumnForm::kText: {
      const Text type = SqlType(dialect, column.type);
      return type ? SqlColumn(dialect, column.type, "CAST(" + name + " AS " + *type + ")")
                  : Text();
    }
    case ColumnForm::kOther:
      return std::nullopt;
  }
  return std::nullopt;
}

Text WriteAssigned(const Expression& expression, const ColumnOf& column_of,
                   SqlDialect dialect) {
  if (const auto* column = column_of(expression)) return SqlName(dialect, column->name);
  switch (expression.GetExpressionClass()) {
    case ExpressionClass::BOUND_CONSTANT:
      return WriteAssignedConstant(
          expression.Cast<duckdb::BoundConstantExpression>().value, dialect);
    case ExpressionClass::BOUND_CAST: {
      const auto& child = *expression.Cast<duckdb::BoundCastExpression>().child;
      if (!IsInteger(expression.return_type) || !IsInteger(child.return_type)) {
        return std::nullopt;
      }
      return WriteAssigned(child, column_of, dialect);
    }
    case ExpressionClass::BOUND_FUNCTION: {
      const auto& call = expression.Cast<duckdb::BoundFunctionExpression>();
      const auto& name = call.function.name;
      if (call.children.size() != 2 || (name != "+" && name != "-")) return std::nullopt;
      if (!IsInteger(call.return_type)) return std::nullopt;
      const auto left = WriteAssigned(*call.children[0], column_of, dialect);
      const auto right = WriteAssigned(*call.children[1], column_of, dialect);
      if (!left || !right) return std::nullopt;
      return "(" + *left + " " + name + " " + *right + ")";
    }
    default:
      return std::nullopt;
  }
}

Condition WriteCondition(const Expression& expression, const ColumnOf& column_of,
                         SqlDialect dialect) {
  if (dialect == SqlDialect::kNone) return std::nullopt;
  return Conditions(column_of, dialect).Write(expression);
}

Text WriteExactCondition(const Expression& expression, const ColumnOf& column_of,
                         SqlDialect dialect) {
  auto condition = WriteCondition(expression, column_of, dialect);
  if (!condition || !condition->exact) return std::nullopt;
  return std::move(condition->sql);
}

}  // namespace pintail::engine
