#include "engine/source_filter.h"

#include <algorithm>
#include <cmath>

#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "duckdb/planner/expression/bound_between_expression.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"

namespace pintail::engine {
namespace {

using duckdb::ExpressionType;
using duckdb::LogicalTypeId;
using Condition = std::optional<SourceCondition>;

// More values than this in one list are looked at by DuckDB.
constexpr size_t kMaxListed = 1'000;

enum class Family : uint8_t { kOther, kInteger, kDecimal, kFloat, kBool, kText, kTime };

Family FamilyOf(const duckdb::LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::UINTEGER:
    case LogicalTypeId::UBIGINT:
    case LogicalTypeId::HUGEINT:
      return Family::kInteger;
    case LogicalTypeId::DECIMAL:
      return Family::kDecimal;
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE:
      return Family::kFloat;
    case LogicalTypeId::BOOLEAN:
      return Family::kBool;
    case LogicalTypeId::VARCHAR:
      // Types made of text have other rules.
      return type == duckdb::LogicalType::VARCHAR ? Family::kText : Family::kOther;
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ:
      return Family::kTime;
    default:
      return Family::kOther;
  }
}

// SQLite has no times, Redis no types. The others differ in what a time without a zone is
// compared with.
bool HasTimes(LogicalTypeId type, SqlDialect dialect) {
  switch (dialect) {
    case SqlDialect::kPostgres:
    case SqlDialect::kDuckdb:
      return true;
    case SqlDialect::kMysql:
      return type != LogicalTypeId::TIMESTAMP_TZ;
    case SqlDialect::kSnowflake:
    case SqlDialect::kBigquery:
      return type == LogicalTypeId::DATE;
    default:
      return false;
  }
}

// Whether > and <> find NaN, which DuckDB holds to be greater than all numbers. MySQL and
// SQLite have none.
bool NanIsGreatest(SqlDialect dialect) {
  switch (dialect) {
    case SqlDialect::kPostgres:
    case SqlDialect::kDuckdb:
    case SqlDialect::kSnowflake:
    case SqlDialect::kMysql:
    case SqlDialect::kSqlite:
      return true;
    default:
      return false;
  }
}

bool IsGreater(ExpressionType type) {
  return type == ExpressionType::COMPARE_GREATERTHAN ||
         type == ExpressionType::COMPARE_GREATERTHANOREQUALTO;
}

// How to have the order of bytes; nothing when the dialect cannot be told.
std::optional<std::string> ByteOrder(SqlDialect dialect) {
  switch (dialect) {
    case SqlDialect::kPostgres:
      return R"( COLLATE "C")";
    case SqlDialect::kSqlite:
      return " COLLATE BINARY";
    case SqlDialect::kDuckdb:
      return "";
    default:
      return std::nullopt;
  }
}

std::optional<std::string> QuoteSourceText(const std::string& text, SqlDialect dialect) {
  // A backslash may or may not begin an escape there, as a setting says.
  const bool escapes = dialect == SqlDialect::kMysql || dialect == SqlDialect::kGeneric ||
                       dialect == SqlDialect::kBigquery ||
                       dialect == SqlDialect::kSnowflake;
  if (text.find('\0') != text.npos) return std::nullopt;
  if (escapes && text.find('\\') != text.npos) return std::nullopt;
  if (dialect == SqlDialect::kBigquery && text.find('\'') != text.npos) {
    return std::nullopt;
  }
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

std::optional<std::string> WriteTime(const duckdb::Value& value) {
  switch (value.type().id()) {
    case LogicalTypeId::DATE: {
      const auto date = value.GetValue<duckdb::date_t>();
      if (!duckdb::Date::IsFinite(date) || duckdb::Date::ExtractYear(date) < 1 ||
          duckdb::Date::ExtractYear(date) > 9999) {
        return std::nullopt;
      }
      return "DATE '" + value.ToString() + "'";
    }
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ: {
      const auto time = value.GetValueUnsafe<duckdb::timestamp_t>();
      if (!duckdb::Timestamp::IsFinite(time)) return std::nullopt;
      const int year = duckdb::Date::ExtractYear(duckdb::Timestamp::GetDate(time));
      if (year < 1 || year > 9999) return std::nullopt;
      const bool zone = value.type().id() == LogicalTypeId::TIMESTAMP_TZ;
      return std::string(zone ? "TIMESTAMPTZ '" : "TIMESTAMP '") +
             duckdb::Timestamp::ToString(time) + (zone ? "+00'" : "'");
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string> WriteFloat(const duckdb::Value& value) {
  // Of a FLOAT too as the double that it is: 0.1 would be compared as another number.
  const double number = value.GetValue<double>();
  if (!std::isfinite(number)) return std::nullopt;
  char text[40];
  std::snprintf(text, sizeof text, "%.17e", number);
  return text;
}

// The constant, if it is one and not NULL.
const duckdb::Value* ConstantOf(const duckdb::Expression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_CONSTANT) {
    return nullptr;
  }
  const auto& value = expression.Cast<duckdb::BoundConstantExpression>().value;
  return value.IsNull() ? nullptr : &value;
}

class Writer {
 public:
  Writer(const ColumnOf& column_of, SqlDialect dialect, bool exact)
      : column_of_(column_of), dialect_(dialect), exact_(exact) {}

  Condition Write(const duckdb::Expression& expression) const {
    switch (expression.GetExpressionClass()) {
      case duckdb::ExpressionClass::BOUND_COMPARISON:
        return WriteComparison(expression.Cast<duckdb::BoundComparisonExpression>());
      case duckdb::ExpressionClass::BOUND_BETWEEN:
        return WriteBetween(expression.Cast<duckdb::BoundBetweenExpression>());
      case duckdb::ExpressionClass::BOUND_CONJUNCTION:
        return WriteConjunction(expression.Cast<duckdb::BoundConjunctionExpression>());
      case duckdb::ExpressionClass::BOUND_OPERATOR:
        return WriteOperator(expression.Cast<duckdb::BoundOperatorExpression>());
      case duckdb::ExpressionClass::BOUND_FUNCTION:
        return WritePrefix(expression.Cast<duckdb::BoundFunctionExpression>());
      default:
        return std::nullopt;
    }
  }

 private:
  std::string Quoted(const SourceColumn& column) const {
    return QuoteSourceName(column.name, dialect_);
  }

  Condition Compare(const SourceColumn& column, ExpressionType type,
                    const duckdb::Value& value) const {
    if (!column.plain || column.type != value.type()) return std::nullopt;
    const Family family = FamilyOf(column.type);
    const bool equal = type == ExpressionType::COMPARE_EQUAL;
    const auto written = WriteValue(value, dialect_);
    if (!written) return std::nullopt;
    std::string text =
        Quoted(column) + " " + duckdb::ExpressionTypeToOperator(type) + " " + *written;
    switch (family) {
      case Family::kInteger:
      case Family::kDecimal:
        return SourceCondition{std::move(text)};
      case Family::kFloat: {
        const bool may_miss =
            !equal && !NanIsGreatest(dialect_) &&
            (IsGreater(type) || type == ExpressionType::COMPARE_NOTEQUAL);
        if (may_miss) return std::nullopt;
        return SourceCondition{std::move(text)};
      }
      case Family::kBool:
        if (!equal) return std::nullopt;
        return SourceCondition{std::move(text)};
      case Family::kTime:
        return SourceCondition{std::move(text)};
      case Family::kText: {
        if (type == ExpressionType::COMPARE_NOTEQUAL) return std::nullopt;
        const auto order = ByteOrder(dialect_);
        if (equal && !exact_) {
          return SourceCondition{std::move(text), dialect_ == SqlDialect::kDuckdb};
        }
        if (!order) return std::nullopt;
        return SourceCondition{text + *order};
      }
      case Family::kOther:
        return std::nullopt;
    }
    return std::nullopt;
  }

  Condition WriteComparison(const duckdb::BoundComparisonExpression& comparison) const {
    ExpressionType type = comparison.GetExpressionType();
    const duckdb::Expression* left = comparison.left.get();
    const duckdb::Expression* right = comparison.right.get();
    if (ConstantOf(*left)) {
      std::swap(left, right);
      type = duckdb::FlipComparisonExpression(type);
    }
    switch (type) {
      case ExpressionType::COMPARE_EQUAL:
      case ExpressionType::COMPARE_NOTEQUAL:
      case ExpressionType::COMPARE_LESSTHAN:
      case ExpressionType::COMPARE_GREATERTHAN:
      case ExpressionType::COMPARE_LESSTHANOREQUALTO:
      case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
        break;
      default:
        return std::nullopt;
    }
    const auto* column = column_of_(*left);
    const auto* value = ConstantOf(*right);
    if (!column || !value) return std::nullopt;
    return Compare(*column, type, *value);
  }

  Condition WriteBetween(const duckdb::BoundBetweenExpression& between) const {
    const auto* column = column_of_(*between.input);
    if (!column) return std::nullopt;
    std::vector<Condition> sides;
    if (const auto* value = ConstantOf(*between.lower)) {
      sides.push_back(Compare(*column, between.LowerComparisonType(), *value));
    }
    if (const auto* value = ConstantOf(*between.upper)) {
      sides.push_back(Compare(*column, between.UpperComparisonType(), *value));
    }
    if (sides.size() < 2) sides.emplace_back();
    return Join(sides, /*all=*/true);
  }

  static Condition Join(const std::vector<Condition>& parts, bool all) {
    SourceCondition joined;
    for (const auto& part : parts) {
      if (!part) {
        // One of several that must all be true may be left out.
        if (!all) return std::nullopt;
        joined.exact = false;
        continue;
      }
      if (!joined.sql.empty()) joined.sql += all ? " AND " : " OR ";
      joined.sql += "(" + part->sql + ")";
      joined.exact = joined.exact && part->exact;
    }
    if (joined.sql.empty()) return std::nullopt;
    return joined;
  }

  Condition WriteConjunction(
      const duckdb::BoundConjunctionExpression& conjunction) const {
    std::vector<Condition> parts;
    for (const auto& child : conjunction.children) parts.push_back(Write(*child));
    return Join(parts,
                conjunction.GetExpressionType() == ExpressionType::CONJUNCTION_AND);
  }

  Condition WriteOperator(const duckdb::BoundOperatorExpression& operation) const {
    const auto* column =
        operation.children.empty() ? nullptr : column_of_(*operation.children[0]);
    if (!column) return std::nullopt;
    switch (operation.GetExpressionType()) {
      case ExpressionType::OPERATOR_IS_NULL:
      case ExpressionType::OPERATOR_IS_NOT_NULL: {
        // A date without a day is sent as NULL by MySQL's drivers.
        const bool time = FamilyOf(column->type) == Family::kTime ||
                          FamilyOf(column->type) == Family::kOther;
        if (dialect_ == SqlDialect::kMysql && time) return std::nullopt;
        const bool null =
            operation.GetExpressionType() == ExpressionType::OPERATOR_IS_NULL;
        return SourceCondition{Quoted(*column) + (null ? " IS NULL" : " IS NOT NULL")};
      }
      case ExpressionType::COMPARE_IN:
        return WriteList(*column, operation);
      default:
        return std::nullopt;
    }
  }

  Condition WriteList(const SourceColumn& column,
                      const duckdb::BoundOperatorExpression& list) const {
    if (list.children.size() > kMaxListed + 1) return std::nullopt;
    std::string values;
    bool exact = true;
    for (size_t i = 1; i < list.children.size(); ++i) {
      const auto* value = ConstantOf(*list.children[i]);
      if (!value) return std::nullopt;
      const auto equal = Compare(column, ExpressionType::COMPARE_EQUAL, *value);
      if (!equal) return std::nullopt;
      exact = exact && equal->exact;
      if (!values.empty()) values += ", ";
      values += *WriteValue(*value, dialect_);
    }
    if (exact_ && FamilyOf(column.type) == Family::kText) {
      // The collation of a list is the column's.
      return SourceCondition{Quoted(column) + *ByteOrder(dialect_) + " IN (" + values +
                             ")"};
    }
    return SourceCondition{Quoted(column) + " IN (" + values + ")", exact};
  }

  // What LIKE 'text%' has become.
  Condition WritePrefix(const duckdb::BoundFunctionExpression& call) const {
    const auto& name = call.function.name;
    if (call.children.size() != 2 ||
        (name != "prefix" && name != "starts_with" && name != "^@")) {
      return std::nullopt;
    }
    const auto* column = column_of_(*call.children[0]);
    const auto* value = ConstantOf(*call.children[1]);
    if (!column || !value || !column->plain || FamilyOf(column->type) != Family::kText) {
      return std::nullopt;
    }
    const std::string prefix = value->ToString();
    if (prefix.find_first_of("%_\\") != prefix.npos) return std::nullopt;
    const auto pattern = QuoteSourceText(prefix + "%", dialect_);
    if (!pattern) return std::nullopt;
    return SourceCondition{Quoted(*column) + " LIKE " + *pattern, /*exact=*/false};
  }

  const ColumnOf& column_of_;
  const SqlDialect dialect_;
  const bool exact_;
};

bool IsExactNumber(const duckdb::LogicalType& type) {
  return FamilyOf(type) == Family::kInteger;
}

}  // namespace

std::optional<std::string> WriteAssigned(const duckdb::Expression& expression,
                                         const ColumnOf& column_of, SqlDialect dialect) {
  if (const auto* column = column_of(expression)) {
    return QuoteSourceName(column->name, dialect);
  }
  switch (expression.GetExpressionClass()) {
    case duckdb::ExpressionClass::BOUND_CONSTANT: {
      const auto& value = expression.Cast<duckdb::BoundConstantExpression>().value;
      return value.IsNull() ? "NULL" : WriteValue(value, dialect);
    }
    case duckdb::ExpressionClass::BOUND_CAST: {
      const auto& child = *expression.Cast<duckdb::BoundCastExpression>().child;
      if (!IsExactNumber(expression.return_type) || !IsExactNumber(child.return_type)) {
        return std::nullopt;
      }
      return WriteAssigned(child, column_of, dialect);
    }
    case duckdb::ExpressionClass::BOUND_FUNCTION: {
      const auto& call = expression.Cast<duckdb::BoundFunctionExpression>();
      const auto& name = call.function.name;
      if (call.children.size() != 2 || (name != "+" && name != "-")) return std::nullopt;
      if (!IsExactNumber(call.return_type)) return std::nullopt;
      const auto left = WriteAssigned(*call.children[0], column_of, dialect);
      const auto right = WriteAssigned(*call.children[1], column_of, dialect);
      if (!left || !right) return std::nullopt;
      return "(" + *left + " " + name + " " + *right + ")";
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string> WriteExactCondition(const duckdb::Expression& expression,
                                               const ColumnOf& column_of,
                                               SqlDialect dialect) {
  if (dialect == SqlDialect::kNone) return std::nullopt;
  auto condition = Writer(column_of, dialect, /*exact=*/true).Write(expression);
  if (!condition || !condition->exact) return std::nullopt;
  return std::move(condition->sql);
}

std::optional<std::string> WriteValue(const duckdb::Value& value, SqlDialect dialect) {
  if (dialect == SqlDialect::kNone || value.IsNull()) return std::nullopt;
  switch (FamilyOf(value.type())) {
    case Family::kInteger:
    case Family::kDecimal:
      return value.ToString();
    case Family::kFloat:
      return WriteFloat(value);
    case Family::kBool:
      return value.GetValue<bool>() ? "TRUE" : "FALSE";
    case Family::kText:
      return QuoteSourceText(value.ToString(), dialect);
    case Family::kTime:
      if (!HasTimes(value.type().id(), dialect)) return std::nullopt;
      return WriteTime(value);
    case Family::kOther:
      return std::nullopt;
  }
  return std::nullopt;
}

Condition WriteCondition(const duckdb::Expression& expression, const ColumnOf& column_of,
                         SqlDialect dialect) {
  if (dialect == SqlDialect::kNone) return std::nullopt;
  return Writer(column_of, dialect, /*exact=*/false).Write(expression);
}

std::string QuoteSourceName(const std::string& name, SqlDialect dialect) {
  const bool backtick = dialect == SqlDialect::kMysql || dialect == SqlDialect::kBigquery;
  const char quote = backtick ? '`' : '"';
  std::string quoted(1, quote);
  for (const char c : name) {
    if (c == quote) quoted += c;
    quoted += c;
  }
  return quoted + quote;
}

std::string QuoteSourceTable(const SourceTableName& table, SqlDialect dialect) {
  const std::string name = QuoteSourceName(table.table, dialect);
  return table.schema.empty() ? name
                              : QuoteSourceName(table.schema, dialect) + "." + name;
}

}  // namespace pintail::engine
