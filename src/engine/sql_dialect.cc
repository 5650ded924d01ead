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

// With a collation where a text has none of its own: by the database's default a CASE of
// constants would be compared and ordered in the order of a language.
Text CollatedConstant(SqlDialect dialect, const std::string& text) {
  const Text constant = TextConstant(dialect, text);
  if (!constant || dialect != SqlDialect::kPostgres) return constant;
  return "(" + *constant + " COLLATE \"C\")";
}

// FLOAT or DOUBLE, of which 9 or 17 digits name each number.
Text FloatConstant(SqlDialect dialect, const duckdb::Value& number) {
  const bool is_float = number.type().id() == LogicalTypeId::FLOAT;
  const double value = number.GetValue<double>();
  const bool typed = dialect == SqlDialect::kPostgres || dialect == SqlDialect::kDuckdb ||
                     dialect == SqlDialect::kSnowflake;
  // As text of a double it would be another number than a float.
  if (is_float && (!typed || dialect == SqlDialect::kSnowflake)) return std::nullopt;
  const Text type = SqlType(dialect, number.type());
  if (!std::isfinite(value)) {
    if (dialect != SqlDialect::kPostgres) return std::nullopt;
    const char* name = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return "CAST('" + std::string(name) + "' AS " + *type + ")";
  }
  std::array<char, 40> digits{};
  // With an exponent it is a double everywhere.
  std::snprintf(digits.data(), digits.size(), is_float ? "%.9e" : "%.17e", value);
  if (typed) return "CAST('" + std::string(digits.data()) + "' AS " + *type + ")";
  return "(" + std::string(digits.data()) + ")";
}

// Years of four digits are written alike everywhere.
bool HasPlainYear(SqlDialect dialect, duckdb::date_t date) {
  if (!duckdb::Value::IsFinite(date)) return false;
  const bool any = dialect == SqlDialect::kPostgres || dialect == SqlDialect::kDuckdb;
  const int32_t year = duckdb::Date::ExtractYear(date);
  return year >= (any ? 1 : 1000) && year <= 9999;
}

Text TimeConstant(SqlDialect dialect, const duckdb::Value& value) {
  std::string word;
  std::string suffix;
  switch (value.type().id()) {
    case LogicalTypeId::DATE:
      if (!HasPlainYear(dialect, value.GetValue<duckdb::date_t>())) return std::nullopt;
      word = "DATE";
      break;
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ: {
      const auto time = duckdb::timestamp_t(value.GetValueUnsafe<int64_t>());
      if (!duckdb::Timestamp::IsFinite(time)) return std::nullopt;
      if (!HasPlainYear(dialect, duckdb::Timestamp::GetDate(time))) return std::nullopt;
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

Text SqlTable(SqlDialect dialect, const SourceTableName& table) {
  const Text name = SqlName(dialect, table.table);
  if (table.schema.empty()) return name;
  const Text schema = SqlName(dialect, table.schema);
  return schema && name ? *schema + "." + *name : Text();
}

Text SqlPlainText(SqlDialect dialect, const std::string& text) {
  if (dialect != SqlDialect::kMysql) return TextConstant(dialect, text);
  const bool plain = IsPlain(text) && text.find('\\') == std::string::npos;
  return plain ? Doubled(text, '\'') : Text();
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
      return CollatedConstant(dialect, duckdb::StringValue::Get(value));
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE:
      return FloatConstant(dialect, value);
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
      case LogicalTypeId::DATE:
      case LogicalTypeId::TIMESTAMP:
      case LogicalTypeId::TIMESTAMP_TZ:
        // '0000-00-00' and days that are no days are read as NULL, and are none there.
        return std::nullopt;
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
  if (dialect == SqlDialect::kDuckdb && type.id() == LogicalTypeId::VARCHAR) {
    // May be an ENUM, or have a collation; its optimizer takes off what is not needed.
    return "CAST(" + column + " AS VARCHAR) COLLATE C";
  }
  if (dialect == SqlDialect::kSqlite) {
    // A column may hold other numbers than its type says.
    if (type.id() == LogicalTypeId::DOUBLE) return "CAST(" + column + " AS REAL)";
    if (type.id() == LogicalTypeId::BOOLEAN) return "(" + column + " <> 0)";
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
    case SqlDialect::kSqlite:
      // The extension's statements give it as a text of 15 digits.
      return type.id() == LogicalTypeId::DOUBLE ? Text() : expression;
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
