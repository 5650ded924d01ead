// The names that the dialects have for DuckDB's types.

#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using Text = std::optional<std::string>;

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
    case LogicalTypeId::UBIGINT:
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

// Any column may hold any type there; these are checked when they are read.
Text SqliteType(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::BOOLEAN:
      return "INTEGER";
    case LogicalTypeId::DOUBLE:
      return "REAL";
    case LogicalTypeId::VARCHAR:
      return "TEXT";
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
    case LogicalTypeId::DOUBLE:
      return "DOUBLE PRECISION";
    case LogicalTypeId::VARCHAR:
      return "VARCHAR";
    default:
      return std::nullopt;
  }
}

}  // namespace

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

Text SqlType(SqlDialect dialect, const LogicalType& type) {
  if (type.HasAlias()) return std::nullopt;  // JSON: texts that do not compare as such
  switch (dialect) {
    case SqlDialect::kPostgres:
      return PostgresType(type);
    case SqlDialect::kMysql:
      return MysqlType(type);
    case SqlDialect::kSqlite:
      return SqliteType(type);
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

}  // namespace pintail::engine
