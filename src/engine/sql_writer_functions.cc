// The functions and operators that SqlWriter knows, each with what has to hold for it.
#include <algorithm>
#include <array>
#include <string_view>

#include "engine/sql_dialect.h"
#include "engine/sql_writer.h"

namespace pintail::engine {
namespace {

using duckdb::Expression;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using Text = SqlWriter::Text;

const std::string* TextConstantOf(const Expression& expression) {
  const duckdb::Value* value = ConstantOf(expression);
  if (!value || value->type().id() != LogicalTypeId::VARCHAR) return nullptr;
  return &duckdb::StringValue::Get(*value);
}

bool IsText(const Expression& expression) {
  return expression.return_type.id() == LogicalTypeId::VARCHAR;
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Whether +, - and * of the type have DuckDB's values there.
bool HasArithmetic(SqlDialect dialect, const LogicalType& type, std::string_view name) {
  const bool is_product = name == "*";
  switch (type.id()) {
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
      // SQLite goes on in doubles where 64 bits do not suffice.
      return dialect != SqlDialect::kSqlite && dialect != SqlDialect::kGeneric;
    case LogicalTypeId::HUGEINT:
      return dialect == SqlDialect::kPostgres || dialect == SqlDialect::kDuckdb;
    case LogicalTypeId::DECIMAL:
      switch (dialect) {
        case SqlDialect::kPostgres:
        case SqlDialect::kDuckdb:
          return true;
        case SqlDialect::kMysql:  // rounds to 30 digits behind the point
          return duckdb::DecimalType::GetScale(type) <= 30;
        case SqlDialect::kSnowflake:  // rounds products to 12, or what the factors have
          return !is_product;
        default:
          return false;
      }
    case LogicalTypeId::DOUBLE:
      // PostgreSQL and MySQL end with an error where DuckDB has infinity, PostgreSQL also
      // where it has 0.
      return dialect == SqlDialect::kDuckdb || dialect == SqlDialect::kSnowflake;
    default:
      return false;
  }
}

}  // namespace

Text SqlWriter::WriteFunction(const duckdb::BoundFunctionExpression& function) const {
  const std::string& name = function.function.name;
  if (IsOneOf(name, {"+", "-", "*", "abs"})) return WriteArithmetic(function);
  if (IsOneOf(name, {"/", "//", "divide", "%", "mod"})) return WriteDivision(function);
  if (IsOneOf(name, {"~~", "!~~", "like_escape", "prefix", "starts_with", "^@", "suffix",
                     "ends_with", "contains"})) {
    return WriteLike(function);
  }
  if (IsOneOf(name, {"year", "month", "day", "hour", "minute"})) {
    return WriteTimePart(function);
  }
  if (IsOneOf(name, {"date_trunc", "datetrunc"})) return WriteDateTrunc(function);
  return WriteTextFunction(function);
}

Text SqlWriter::WriteArithmetic(const duckdb::BoundFunctionExpression& function) const {
  const std::string& name = function.function.name;
  const auto& children = function.children;
  if (!HasArithmetic(dialect_, function.return_type, name)) return std::nullopt;
  for (const auto& child : children) {
    // Dates and intervals; and decimals have a width and scale each.
    if (child->return_type.id() != function.return_type.id()) return std::nullopt;
  }
  const Text first = Write(*children[0]);
  if (!first) return std::nullopt;
  if (name == "abs") return "ABS(" + *first + ")";
  if (children.size() == 1) return name == "-" ? "(- " + *first + ")" : Text();
  const Text second = Write(*children[1]);
  if (!second) return std::nullopt;
  return "(" + *first + " " + name + " " + *second + ")";
}

// By a constant other than zero only: divided by zero DuckDB gives NULL or infinity,
// others an error.
Text SqlWriter::WriteDivision(const duckdb::BoundFunctionExpression& function) const {
  const std::string& name = function.function.name;
  const LogicalType& type = function.return_type;
  if (function.children.size() != 2) return std::nullopt;
  const duckdb::Value* divisor = ConstantOf(*function.children[1]);
  if (!divisor || divisor->GetValue<double>() == 0) return std::nullopt;
  for (const auto& child : function.children) {
    if (child->return_type != type) return std::nullopt;
  }
  const Text first = Write(*function.children[0]);
  const Text second = Write(*function.children[1]);
  if (!first || !second) return std::nullopt;
  if (type.id() == LogicalTypeId::DOUBLE) {
    if (name != "/" || !HasArithmetic(dialect_, type, "/")) return std::nullopt;
    return "(" + *first + " / " + *second + ")";
  }
  const bool whole = type.id() == LogicalTypeId::SMALLINT ||
                     type.id() == LogicalTypeId::INTEGER ||
                     type.id() == LogicalTypeId::BIGINT;
  if (!whole || name == "/") return std::nullopt;
  if (name == "%" || name == "mod") {
    // The remainder has the sign of the dividend in all of these.
    const bool known = dialect_ == SqlDialect::kPostgres ||
                       dialect_ == SqlDialect::kMysql ||
                       dialect_ == SqlDialect::kSqlite || dialect_ == SqlDialect::kDuckdb;
    return known ? "(" + *first + " % " + *second + ")" : Text();
  }
  switch (dialect_) {
    case SqlDialect::kPostgres:
    case SqlDialect::kSqlite:
      return "(" + *first + " / " + *second + ")";  // towards zero, as in DuckDB
    case SqlDialect::kMysql:
      return "(" + *first + " DIV " + *second + ")";
    case SqlDialect::kDuckdb:
      return "(" + *first + " // " + *second + ")";
    default:
      return std::nullopt;
  }
}

Text SqlWriter::WriteTextFunction(const duckdb::BoundFunctionExpression& function) const {
  const std::string& name = function.function.name;
  const auto& children = function.children;
  if (!std::ranges::all_of(children, [&](const auto& child) {
        return IsText(*child) || ConstantOf(*child);
      })) {
    return std::nullopt;
  }
  if (children.empty() || !IsText(*children[0])) return std::nullopt;
  const bool postgres = dialect_ == SqlDialect::kPostgres;
  const bool mysql = dialect_ == SqlDialect::kMysql;
  const bool same = postgres || dialect_ == SqlDialect::kDuckdb;
  const Text text = Write(*children[0]);
  if (!text) return std::nullopt;
  // In code points. SQLite counts up to the first NUL.
  if (IsOneOf(name, {"length", "len", "char_length", "character_length"})) {
    if (children.size() != 1) return std::nullopt;
    if (postgres) return "CAST(CHAR_LENGTH(" + *text + ") AS bigint)";
    if (mysql) return "CHAR_LENGTH(CONVERT(" + *text + " USING utf8mb4))";
    return same ? "LENGTH(" + *text + ")" : Text();
  }
  if (IsOneOf(name, {"substring", "substr"})) {
    // From the first code point on: what is before it is counted otherwise elsewhere.
    const duckdb::Value* from = children.size() == 3 ? ConstantOf(*children[1]) : nullptr;
    const duckdb::Value* count = from ? ConstantOf(*children[2]) : nullptr;
    if (!count || from->GetValue<int64_t>() < 1 || count->GetValue<int64_t>() < 0 ||
        count->GetValue<int64_t>() > 1'000'000'000 ||
        from->GetValue<int64_t>() > 1'000'000'000 || !same) {
      return std::nullopt;
    }
    return "SUBSTR(" + *text + ", " + from->ToString() + ", " + count->ToString() + ")";
  }
  if (name == "||" && children.size() == 2 && IsText(*children[1])) {
    const Text second = Write(*children[1]);
    if (!second) return std::nullopt;
    if (mysql) return "CONCAT(" + *text + ", " + *second + ")";  // || is OR
    return same ? "(" + *text + " || " + *second + ")" : Text();
  }
  return std::nullopt;
}

// Patterns are constants, so that what escapes in them is known.
Text SqlWriter::WriteLike(const duckdb::BoundFunctionExpression& function) const {
  const std::string& name = function.function.name;
  if (function.children.size() != 2 || !IsText(*function.children[0])) {
    return std::nullopt;
  }
  const std::string* pattern = TextConstantOf(*function.children[1]);
  const Text text = Write(*function.children[0]);
  const Text constant = Write(*function.children[1]);
  if (!pattern || !text || !constant) return std::nullopt;
  const bool postgres = dialect_ == SqlDialect::kPostgres;
  const bool mysql = dialect_ == SqlDialect::kMysql;  // texts are bytes there
  if (dialect_ == SqlDialect::kDuckdb && !IsOneOf(name, {"~~", "!~~"})) {
    return IsOneOf(name, {"prefix", "suffix", "contains"})
               ? name + "(" + *text + ", " + *constant + ")"
               : Text();
  }
  const std::string count =
      std::to_string(mysql ? pattern->size() : CodePoints(*pattern));
  if (IsOneOf(name, {"prefix", "starts_with", "^@"})) {
    if (postgres || mysql) {
      return "(LEFT(" + *text + ", " + count + ") = " + *constant + ")";
    }
    return std::nullopt;
  }
  if (IsOneOf(name, {"suffix", "ends_with"})) {
    if (postgres || mysql) {
      return "(RIGHT(" + *text + ", " + count + ") = " + *constant + ")";
    }
    return std::nullopt;
  }
  if (name == "contains") {
    if (postgres) return "(STRPOS(" + *text + ", " + *constant + ") > 0)";
    if (mysql) return "(LOCATE(" + *constant + ", " + *text + ") > 0)";
    return std::nullopt;
  }
  if (!IsOneOf(name, {"~~", "!~~"})) return std::nullopt;
  // A byte is not a code point; and SQLite's LIKE takes no notice of case.
  const bool known = postgres || dialect_ == SqlDialect::kDuckdb ||
                     (mysql && pattern->find('_') == std::string::npos);
  if (!known) return std::nullopt;
  // DuckDB's LIKE has no escape unless one is given, others' has a backslash.
  std::string escaped;
  for (const char c : *pattern) escaped += c == '|' ? "||" : std::string(1, c);
  const Text written = SqlConstant(dialect_, duckdb::Value(escaped));
  if (!written) return std::nullopt;
  return "(" + *text + (name == "~~" ? " LIKE " : " NOT LIKE ") + *written +
         " ESCAPE '|')";
}

Text SqlWriter::WriteTimePart(const duckdb::BoundFunctionExpression& function) const {
  if (dialect_ != SqlDialect::kPostgres || function.children.size() != 1) {
    return std::nullopt;  // times before 1000 and after 9999, and infinity
  }
  // A TIMESTAMPTZ would depend on the sessions' time zones.
  const LogicalTypeId type = function.children[0]->return_type.id();
  const Text time = Write(*function.children[0]);
  const bool has_time = type == LogicalTypeId::TIMESTAMP;
  if (!time || (!has_time && type != LogicalTypeId::DATE)) return std::nullopt;
  const std::string& name = function.function.name;
  if (!has_time && IsOneOf(name, {"hour", "minute"})) return std::nullopt;
  const std::string part = "CAST(EXTRACT(" + name + " FROM " + *time + ") AS bigint)";
  // DuckDB has a year 0 and gives NULL for infinity.
  const std::string fixed = name == "year" ? "(CASE WHEN " + part + " > 0 THEN " + part +
                                                 " ELSE " + part + " + 1 END)"
                                           : part;
  return "(CASE WHEN ISFINITE(" + *time + ") THEN " + fixed + " END)";
}

Text SqlWriter::WriteDateTrunc(const duckdb::BoundFunctionExpression& function) const {
  if (dialect_ != SqlDialect::kPostgres || function.children.size() != 2) {
    return std::nullopt;
  }
  const std::string* unit = TextConstantOf(*function.children[0]);
  const LogicalTypeId type = function.children[1]->return_type.id();
  const Text time = Write(*function.children[1]);
  const Text result = SqlType(dialect_, function.return_type);
  if (!unit || !time || !result) return std::nullopt;
  if (type != LogicalTypeId::TIMESTAMP && type != LogicalTypeId::DATE) {
    return std::nullopt;
  }
  // Centuries and weeks at the ends of the calendar are counted differently.
  if (!IsOneOf(*unit, {"second", "minute", "hour", "day", "month", "quarter", "year"})) {
    return std::nullopt;
  }
  return "CAST(DATE_TRUNC('" + *unit + "', CAST(" + *time + " AS timestamp)) AS " +
         *result + ")";
}

}  // namespace pintail::engine
