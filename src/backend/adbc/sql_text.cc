#include "backend/adbc/sql_text.h"

#include <array>

#include "arrow/extension_type.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using arrow::Type;
using engine::SqlDialect;

bool UsesBackticks(SqlDialect dialect) {
  return dialect == SqlDialect::kMysql || dialect == SqlDialect::kBigquery;
}

// One row a kind of type; columns in the order of Column.
enum Column { kPostgres, kMysql, kSqlite, kDuckdb, kSnowflake, kBigquery, kGeneric };

Column ColumnOf(SqlDialect dialect) {
  switch (dialect) {
    case SqlDialect::kPostgres:
      return kPostgres;
    case SqlDialect::kMysql:
      return kMysql;
    case SqlDialect::kSqlite:
      return kSqlite;
    case SqlDialect::kDuckdb:
      return kDuckdb;
    case SqlDialect::kSnowflake:
      return kSnowflake;
    case SqlDialect::kBigquery:
      return kBigquery;
    default:
      return kGeneric;
  }
}

using Names = std::array<const char*, 7>;
constexpr Names kBool = {"boolean", "BOOLEAN", "BOOLEAN", "BOOLEAN",
                         "BOOLEAN", "BOOL",    "BOOLEAN"};
constexpr Names kSmall = {"smallint", "SMALLINT", "INTEGER", "SMALLINT",
                          "SMALLINT", "INT64",    "SMALLINT"};
constexpr Names kInteger = {"integer", "INTEGER", "INTEGER", "INTEGER",
                            "INTEGER", "INT64",   "INTEGER"};
constexpr Names kBigint = {"bigint", "BIGINT", "INTEGER", "BIGINT",
                           "BIGINT", "INT64",  "BIGINT"};
constexpr Names kUbigint = {"numeric(20, 0)", "BIGINT UNSIGNED", "TEXT",
                            "UBIGINT",        "NUMBER(20, 0)",   "NUMERIC(20, 0)",
                            "DECIMAL(20, 0)"};
constexpr Names kReal = {"real", "FLOAT", "REAL", "FLOAT", "FLOAT", "FLOAT64", "REAL"};
constexpr Names kDouble = {"double precision", "DOUBLE", "REAL",
                           "DOUBLE",           "DOUBLE", "FLOAT64",
                           "DOUBLE PRECISION"};
constexpr Names kText = {"text",    "LONGTEXT", "TEXT",   "VARCHAR",
                         "VARCHAR", "STRING",   "VARCHAR"};
constexpr Names kBinary = {"bytea",  "LONGBLOB", "BLOB",     "BLOB",
                           "BINARY", "BYTES",    "VARBINARY"};
constexpr Names kDate = {"date", "DATE", "TEXT", "DATE", "DATE", "DATE", "DATE"};
constexpr Names kTime = {"time", "TIME(6)", "TEXT", "TIME", "TIME(9)", "TIME", "TIME"};
constexpr Names kTimestamp = {"timestamp",        "DATETIME(6)", "TEXT",     "TIMESTAMP",
                              "TIMESTAMP_NTZ(9)", "DATETIME",    "TIMESTAMP"};
constexpr Names kInstant = {"timestamptz",
                            "TIMESTAMP(6)",
                            "TEXT",
                            "TIMESTAMPTZ",
                            "TIMESTAMP_TZ(9)",
                            "TIMESTAMP",
                            "TIMESTAMP WITH TIME ZONE"};
constexpr Names kUuid = {"uuid",        "CHAR(36)", "TEXT",    "UUID",
                         "VARCHAR(36)", "STRING",   "CHAR(36)"};
constexpr Names kJson = {"jsonb", "JSON", "TEXT", "JSON", "VARIANT", "JSON", "VARCHAR"};
constexpr Names kInterval = {"interval", nullptr,    nullptr, "INTERVAL",
                             nullptr,    "INTERVAL", nullptr};

const Names* NamesOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return &kBool;
    case Type::INT8:
    case Type::UINT8:
    case Type::INT16:
      return &kSmall;
    case Type::UINT16:
    case Type::INT32:
      return &kInteger;
    case Type::UINT32:
    case Type::INT64:
      return &kBigint;
    case Type::UINT64:
      return &kUbigint;
    case Type::HALF_FLOAT:
    case Type::FLOAT:
      return &kReal;
    case Type::DOUBLE:
      return &kDouble;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return &kText;
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return &kBinary;
    case Type::DATE32:
    case Type::DATE64:
      return &kDate;
    case Type::TIME32:
    case Type::TIME64:
      return &kTime;
    case Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty()
                 ? &kTimestamp
                 : &kInstant;
    case Type::INTERVAL_MONTH_DAY_NANO:
      return &kInterval;
    default:
      return nullptr;
  }
}

const Names* NamesOfExtension(const arrow::ExtensionType& type) {
  if (type.extension_name() == "arrow.uuid") return &kUuid;
  if (type.extension_name() == "arrow.json") return &kJson;
  return NamesOf(*type.storage_type());
}

std::string DecimalType(SqlDialect dialect, const arrow::DecimalType& type) {
  // SQLite would make a binary fraction of it.
  if (dialect == SqlDialect::kSqlite) return "TEXT";
  const std::string size =
      "(" + std::to_string(type.precision()) + ", " + std::to_string(type.scale()) + ")";
  // BigQuery's NUMERIC has 29 digits before the point and 9 behind it.
  const bool big = dialect == SqlDialect::kBigquery &&
                   (type.scale() > 9 || type.precision() - type.scale() > 29);
  return (big ? "BIGNUMERIC" : "NUMERIC") + size;
}

}  // namespace

std::string QuotedName(SqlDialect dialect, std::string_view name) {
  const char quote = UsesBackticks(dialect) ? '`' : '"';
  std::string quoted(1, quote);
  for (const char letter : name) {
    if (letter == quote) quoted += quote;
    quoted += letter;
  }
  return quoted + quote;
}

std::string QuotedTable(SqlDialect dialect, const engine::SourceTableName& table) {
  if (table.schema.empty()) return QuotedName(dialect, table.table);
  return QuotedName(dialect, table.schema) + "." + QuotedName(dialect, table.table);
}

std::string QuotedText(SqlDialect dialect, std::string_view text) {
  const bool escapes = UsesBackticks(dialect) || dialect == SqlDialect::kSnowflake;
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'') quoted += dialect == SqlDialect::kBigquery ? '\\' : '\'';
    if (letter == '\\' && escapes) quoted += '\\';
    quoted += letter;
  }
  return quoted + "'";
}

std::string SelectText(SqlDialect dialect, const engine::SourceScan& scan,
                       const std::vector<std::string>& columns) {
  std::string sql = "SELECT ";
  for (size_t i = 0; i < columns.size(); ++i) sql += (i ? ", " : "") + columns[i];
  sql += " FROM " + QuotedTable(dialect, scan.table);
  if (!scan.where.empty()) sql += " WHERE " + scan.where;
  if (scan.limit) sql += " LIMIT " + std::to_string(*scan.limit);
  return sql;
}

arrow::Result<std::string> SqlType(SqlDialect dialect, const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) {
    return DecimalType(dialect, static_cast<const arrow::DecimalType&>(type));
  }
  if (type.id() == Type::DICTIONARY) {
    return SqlType(dialect,
                   *static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  const Names* names =
      type.id() == Type::EXTENSION
          ? NamesOfExtension(static_cast<const arrow::ExtensionType&>(type))
          : NamesOf(type);
  if (names && (*names)[ColumnOf(dialect)]) return (*names)[ColumnOf(dialect)];
  const bool list = type.id() == Type::LIST || type.id() == Type::LARGE_LIST;
  if (list && (dialect == SqlDialect::kPostgres || dialect == SqlDialect::kDuckdb)) {
    ARROW_ASSIGN_OR_RAISE(std::string item, SqlType(dialect, *type.field(0)->type()));
    return item + "[]";
  }
  return base::MakeError(base::ErrorKind::kUnimplemented, "there is no type for ",
                         type.ToString(),
                         " in the source; cast the column, to VARCHAR for example");
}

arrow::Result<std::string> CreateTableText(SqlDialect dialect,
                                           const engine::SourceTableName& table,
                                           const arrow::Schema& schema,
                                           bool if_not_exists) {
  std::string sql = "CREATE TABLE ";
  if (if_not_exists) sql += "IF NOT EXISTS ";
  sql += QuotedTable(dialect, table) + " (";
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    auto type = SqlType(dialect, *field.type());
    if (!type.ok()) {
      return base::WithContext(type.status(), "column '" + field.name() + "'");
    }
    sql += (i ? ", " : "") + QuotedName(dialect, field.name()) + " " + *type;
    if (!field.nullable()) sql += " NOT NULL";
  }
  return sql + ")";
}

std::string DropTableText(SqlDialect dialect, const engine::SourceTableName& table,
                          bool if_exists) {
  return std::string("DROP TABLE ") + (if_exists ? "IF EXISTS " : "") +
         QuotedTable(dialect, table);
}

}  // namespace pintail::backend
