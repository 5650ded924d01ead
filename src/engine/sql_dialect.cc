#include "engine/sql_dialect.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/timestamp.hpp"

namespace pintail::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using Text = std::optional<std::string>;

bool UsesBackticks(SqlDialect dialect) {
  return dialect == SqlDialect::kMysql || dialect == SqlDialect::kBigquery;
}

std::string Doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out.push_back(c);
    if (c == quote) out.push_back(quote);
  }
  out.push_back(quote);
  return out;
}

bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127; });
}

std::string Hex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned char>(c));
    out += digits.data();
  }
  return out;
}

// A backslash is a letter or an escape, as the server is set: no constant depends on it.
Text TextConstant(SqlDialect dialect, const std::string& text) {
  const bool escapes = text.find('\\') != std::string::npos;
  if (text.find('\0') != std::string::npos) return std::nullopt;
  switch (dialect) {
    case SqlDialect::kPostgres: {
      if (!escapes) return Doubled(text, '\'');
      std::string doubled;
      for (const char c : text) doubled += c == '\\' ? "\\\\" : std::string(1, c);
      return "E" + Doubled(doubled, '\'');
    }
    case SqlDialect::kMysql:
      // Texts are compared as bytes, see SqlColumn.
      if (!escapes && IsPlain(text)) return "_binary" + Doubled(text, '\'');
      return "_binary X'" + Hex(text) + "'";
    case SqlDialect::kSqlite:
    case SqlDialect::kDuckdb:
      return Doubled(text, '\'');
    case SqlDialect::kSnowflake:
    case SqlDialect::kGeneric:
      return escapes ? Text() : Doubled(text, '\'');
    case SqlDialect::kBigquery:
      // It escapes quotes by backslashes only.
      if (escapes || !IsPlain(text) || text.find('\'') != std::string::npos) {
        return std::nullopt;
      }
      return "'" + text + "'";
    case SqlDialect::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

Text DoubleConstant(SqlDialect dialect, double value) {
  if (!std::isfinite(value)) {
    if (dialect != SqlDialect::kPostgres) return std::nullopt;
    const char* name = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return "CAST('" + std::string(name) + "' AS double precision)";
  }
  std::array<char, 40> digits{};
  // With an exponent it is a double everywhere, and 17 digits name each double.
  std::snprintf(digits.data(), digits.size(), "%.17e", value);
  switch (dialect) {
    case SqlDialect::kPostgres:
      return "CAST('" + std::string(digits.data()) + "' AS double precision)";
    case SqlDialect::kDuckdb:
    case SqlDialect::kSnowflake:
      return "CAST('" + std::string(digits.data()) + "' AS DOUBLE)";
    case SqlDialect::kMysql:
      return "(" + std::string(digits.data()) + ")";
    default:
      return std::nullopt;
  }
}

// Years of four digits are written alike everywhere.
bool HasPlainYear(duckdb::date_t date) {
  if (!duckdb::Value::IsFinite(date)) return false;
  const int32_t year = duckdb::Date::ExtractYear(date);
  return year >= 1000 && year <= 9999;
}

Text TimeConstant(SqlDialect dialect, const duckdb::Value& value) {
  std::string word;
  std::string suffix;
  switch (value.type().id()) {
    case LogicalTypeId::DATE:
      if (!HasPlainYear(value.GetValue<duckdb::date_t>())) return std::nullopt;
      word = "DATE";
      break;
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ: {
      const auto time = duckdb::timestamp_t(value.GetValueUnsafe<int64_t>());
      if (!duckdb::Timestamp::IsFinite(time)) return std::nullopt;
      if (!HasPlainYear(duckdb::Timestamp::GetDate(time))) return std::nullopt;
      const bool zoned = value.type().id() == LogicalTypeId::TIMESTAMP_TZ;
      word = zoned ? "TIMESTAMPTZ" : "TIMESTAMP";
      if (dialect == SqlDialect::kBigquery) word = "DATETIME";
      return word + " '" + duckdb::Timestamp::ToString(time) + (zoned ? "+00" : "") + "'";
    }
    default:
      return std::nullopt;
  }
  return word + " '" + value.ToString() + "'";
}

bool IsWholeNumber(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::UINTEGER:
      return true;
    default:
      return false;
  }
}

std::string Digits(const LogicalType& type) {
  return "(" + std::to_string(duckdb::DecimalType::GetWidth(type)) + ", " +
         std::to_string(duckdb::DecimalType::GetScale(type)) + ")";
}

Text PostgresType(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN:
      return "boolean";
    case LogicalTypeId::SMALLINT:
      return "smallint";
    case LogicalTypeId::INTEGER:
      return "integer";
    case LogicalTypeId::UINTEGER:  // oid: the numbers are those of a wider type
    case LogicalTypeId::BIGINT:
      return "bigint";
    case LogicalTypeId::HUGEINT:
      return "numeric(38, 0)";
    case LogicalTypeId::DECIMAL:
      return "numeric" + Digits(type);
    case LogicalTypeId::FLOAT:
      return "real";
    case LogicalTypeId::DOUBLE:
      return "double precision";
    case LogicalTypeId::VARCHAR:
      return "text";
    case LogicalTypeId::DATE:
      return "date";
    case LogicalTypeId::TIMESTAMP:
      return "timestamp";
    case LogicalTypeId::TIMESTAMP_TZ:
      return "timestamptz";
    case LogicalTypeId::UUID:
      return "uuid";
    default:
      return std::nullopt;
  }
}

Text MysqlType(const LogicalType& type) {
  if (IsWholeNumber(type)) return "SIGNED";
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN:
      return "SIGNED";
    case LogicalTypeId::HUGEINT:
      return "DECIMAL(38, 0)";
    case LogicalTypeId::DECIMAL:
      if (duckdb::DecimalType::GetScale(type) > 30) return std::nullopt;
      return "DECIMAL" + Digits(type);
    case LogicalTypeId::DOUBLE:
      return "DOUBLE";
    case LogicalTypeId::VARCHAR:
      return "BINARY";
    case LogicalTypeId::DATE:
      return "DATE";
    case LogicalTypeId::TIMESTAMP:
      return "DATETIME(6)";
    default:
      return std::nullopt;
  }
}

Text DuckDbType(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN:
    case LogicalTypeId::HUGEINT:
    case LogicalTypeId::DECIMAL:
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE:
    case LogicalTypeId::VARCHAR:
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ:
    case LogicalTypeId::UUID:
      return type.ToString();
    default:
      return IsWholeNumber(type) ? Text(type.ToString()) : std::nullopt;
  }
}

Text SnowflakeType(const LogicalType& type) {
  if (IsWholeNumber(type) || type.id() == LogicalTypeId::HUGEINT) return "NUMBER(38, 0)";
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN:
      return "BOOLEAN";
    case LogicalTypeId::DECIMAL:
      return "NUMBER" + Digits(type);
    case LogicalTypeId::DOUBLE:
      return "DOUBLE";
    case LogicalTypeId::VARCHAR:
      return "VARCHAR";
    case LogicalTypeId::DATE:
      return "DATE";
    case LogicalTypeId::TIMESTAMP:
      return "TIMESTAMP_NTZ";
    default:
      return std::nullopt;
  }
}

Text BigqueryType(const LogicalType& type) {
  if (IsWholeNumber(type)) return "INT64";
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN:
      return "BOOL";
    case LogicalTypeId::DECIMAL: {
      const int scale = duckdb::DecimalType::GetScale(type);
      const int whole = duckdb::DecimalType::GetWidth(type) - scale;
      if (scale > 9 || whole > 29) return std::nullopt;
      return "NUMERIC";
    }
    case LogicalTypeId::DOUBLE:
      return "FLOAT64";
    case LogicalTypeId::VARCHAR:
      return "STRING";
    case LogicalTypeId::DATE:
      return "DATE";
    case LogicalTypeId::TIMESTAMP:
      return "DATETIME";
    default:
      return std::nullopt;
  }
}

Text GenericType(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::SMALLINT:
      return "SMALLINT";
    case LogicalTypeId::INTEGER:
      return "INTEGER";
    case LogicalTypeId::BIGINT:
      return "BIGINT";
    case LogicalTypeId::HUGEINT:
      return "DECIMAL(38, 0)";
    case LogicalTypeId::DECIMAL:
      return "DECIMAL" + Digits(type);
    case LogicalTypeId::DATE:
      return "DATE";
    default:
      return std::nullopt;
  }
}

// Where the type of a number decides about overflow and scale, it is written down.
Text NumberConstant(SqlDialect dialect, const LogicalType& type,
                    const std::string& text) {
  const bool by_value =
      dialect == SqlDialect::kMysql || dialect == SqlDialect::kSqlite ||
      (IsWholeNumber(type) && dialect != SqlDialect::kPostgres &&
       dialect != SqlDialect::kDuckdb) ||
      (type.id() == LogicalTypeId::INTEGER && dialect == SqlDialect::kPostgres);
  if (by_value) return text.starts_with('-') ? "(" + text + ")" : text;
  const Text name = SqlType(dialect, type);
  if (name) return "CAST(" + text + " AS " + *name + ")";
  return std::nullopt;
}

}  // namespace

Text SqlName(SqlDialect dialect, std::string_view name) {
  if (dialect == SqlDialect::kNone || name.empty()) return std::nullopt;
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  if (!UsesBackticks(dialect)) return Doubled(name, '"');
  // BigQuery escapes by backslashes, and a dot inside the quotes parts names there.
  if (dialect == SqlDialect::kBigquery &&
      name.find_first_of("`\\.") != std::string_view::npos) {
    return std::nullopt;
  }
  return Doubled(name, '`');
}

Text SqlType(SqlDialect dialect, const LogicalType& type) {
  if (type.HasAlias()) return std::nullopt;  // JSON: texts that do not compare as such
  switch (dialect) {
    case SqlDialect::kPostgres:
      return PostgresType(type);
    case SqlDialect::kMysql:
      return MysqlType(type);
    case SqlDialect::kSqlite:
      // Any column may hold any type there; these two are checked when they are read.
      if (type.id() == LogicalTypeId::BIGINT || type.id() == LogicalTypeId::BOOLEAN) {
        return "INTEGER";
      }
      return type.id() == LogicalTypeId::VARCHAR ? Text("TEXT") : std::nullopt;
    case SqlDialect::kDuckdb:
      return DuckDbType(type);
    case SqlDialect::kSnowflake:
      return SnowflakeType(type);
    case SqlDialect::kBigquery:
      return BigqueryType(type);
    case SqlDialect::kGeneric:
      return GenericType(type);
    case SqlDialect::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

Text SqlConstant(SqlDialect dialect, const duckdb::Value& value) {
  const LogicalType& type = value.type();
  const Text name = SqlType(dialect, type);
  const bool is_boolean = type.id() == LogicalTypeId::BOOLEAN;
  if (!name && !is_boolean && !IsWholeNumber(type)) return std::nullopt;
  if (value.IsNull()) {
    return name ? "CAST(NULL AS " + *name + ")" : Text();
  }
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN: {
      const bool is_true = value.GetValue<bool>();
      // What every database understands in place of a condition.
      if (dialect == SqlDialect::kGeneric) return is_true ? "(1 = 1)" : "(1 = 0)";
      if (dialect == SqlDialect::kMysql || dialect == SqlDialect::kSqlite) {
        return is_true ? "1" : "0";
      }
      return is_true ? "TRUE" : "FALSE";
    }
    case LogicalTypeId::VARCHAR:
      return TextConstant(dialect, duckdb::StringValue::Get(value));
    case LogicalTypeId::FLOAT:
      return std::nullopt;  // written as text it would be another number in some
    case LogicalTypeId::DOUBLE:
      return DoubleConstant(dialect, value.GetValue<double>());
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ:
      return TimeConstant(dialect, value);
    case LogicalTypeId::UUID:
      return "CAST('" + value.ToString() + "' AS " + *name + ")";
    default:
      break;
  }
  return NumberConstant(dialect, type, value.ToString());
}

bool IsComparable(SqlDialect dialect, const LogicalType& type) {
  if (!SqlType(dialect, type)) return false;
  switch (type.id()) {
    case LogicalTypeId::DOUBLE:
      // NaN: equal to itself and above all others, as in DuckDB. MySQL has none.
      return dialect != SqlDialect::kBigquery && dialect != SqlDialect::kGeneric;
    case LogicalTypeId::VARCHAR:
      return dialect != SqlDialect::kGeneric;  // collations
    case LogicalTypeId::BOOLEAN:
      return dialect != SqlDialect::kGeneric;
    default:
      return true;
  }
}

bool IsGroupable(SqlDialect dialect, const LogicalType& type) {
  return IsComparable(dialect, type) && type.id() != LogicalTypeId::DOUBLE &&
         type.id() != LogicalTypeId::FLOAT;
}

bool IsSortable(SqlDialect dialect, const LogicalType& type) {
  // MySQL sorts by the first max_sort_length bytes of a text.
  if (dialect == SqlDialect::kMysql && type.id() == LogicalTypeId::VARCHAR) return false;
  return IsComparable(dialect, type) && dialect != SqlDialect::kGeneric;
}

Text SqlColumn(SqlDialect dialect, const LogicalType& type, const std::string& column) {
  if (!SqlType(dialect, type)) return std::nullopt;
  if (dialect == SqlDialect::kPostgres) {
    switch (type.id()) {
      case LogicalTypeId::VARCHAR:
        // What DuckDB reads as a text may be a char(n), which ignores spaces at its end,
        // a citext, a JSON; and collations may take two texts for the same.
        return "CAST(" + column + " AS text) COLLATE \"C\"";
      case LogicalTypeId::DOUBLE:  // may be a numeric without precision
        return "CAST(" + column + " AS double precision)";
      case LogicalTypeId::UINTEGER:  // oid
        return "CAST(" + column + " AS bigint)";
      default:
        return column;
    }
  }
  if (dialect == SqlDialect::kMysql) {
    switch (type.id()) {
      case LogicalTypeId::VARCHAR:
        return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)";
      case LogicalTypeId::BOOLEAN:  // a TINYINT, of which all but 0 is true
        return "(" + column + " <> 0)";
      case LogicalTypeId::DOUBLE:  // may be a DECIMAL that is too wide for DuckDB
        return "(" + column + " + 0e0)";
      case LogicalTypeId::UTINYINT:
      case LogicalTypeId::USMALLINT:
      case LogicalTypeId::UINTEGER:
        return "CAST(" + column + " AS SIGNED)";  // unsigned ones cannot be subtracted
      default:
        return column;
    }
  }
  return SqlSubqueryColumn(dialect, type, column);
}

std::string SqlSubqueryColumn(SqlDialect dialect, const LogicalType& type,
                              const std::string& column) {
  if (type.id() != LogicalTypeId::VARCHAR) return column;
  switch (dialect) {
    case SqlDialect::kSqlite:
      return column + " COLLATE BINARY";
    case SqlDialect::kSnowflake:
      return "COLLATE(" + column + ", 'utf8')";
    case SqlDialect::kBigquery:
      return "COLLATE(" + column + ", '')";
    default:
      return column;
  }
}

Text SqlResult(SqlDialect dialect, const LogicalType& type,
               const std::string& expression) {
  const Text name = SqlType(dialect, type);
  if (!name) return std::nullopt;
  switch (dialect) {
    case SqlDialect::kPostgres:
      // A numeric without precision is read as a double.
      if (type.id() == LogicalTypeId::DECIMAL || type.id() == LogicalTypeId::HUGEINT) {
        return "CAST(" + expression + " AS " + *name + ")";
      }
      return expression;
    case SqlDialect::kMysql:
      if (type.id() == LogicalTypeId::VARCHAR) {
        return "CONVERT(" + expression + " USING utf8mb4)";
      }
      if (type.id() == LogicalTypeId::DECIMAL || type.id() == LogicalTypeId::HUGEINT) {
        return "CAST(" + expression + " AS " + *name + ")";
      }
      return expression;
    default:
      return expression;
  }
}

}  // namespace pintail::engine
