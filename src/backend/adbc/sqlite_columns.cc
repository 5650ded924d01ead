#include "backend/adbc/sqlite_columns.h"

#include "arrow/util/key_value_metadata.h"
#include "backend/adbc/sql_text.h"
#include "base/lower_case.h"
#include "engine/source.h"

namespace pintail::backend {

using engine::SqlDialect;

std::shared_ptr<arrow::DataType> SqliteType(std::string_view declared) {
  const std::string lower = base::LowerCase(declared);
  const auto says = [&](std::string_view word) { return lower.contains(word); };
  // SQLite's own rules, in its order; then what its NUMERIC leaning is declared for.
  if (says("int")) return arrow::int64();
  if (says("char") || says("clob") || says("text")) return arrow::utf8();
  if (says("blob")) return arrow::binary();
  if (says("real") || says("floa") || says("doub")) return arrow::float64();
  if (says("bool")) return arrow::boolean();
  if (says("num") || says("dec")) return arrow::float64();
  // Dates and times are text by custom; a column without a type holds anything.
  return arrow::utf8();
}

std::shared_ptr<arrow::Field> SqliteField(std::string_view name,
                                          std::string_view declared) {
  auto field = arrow::field(std::string(name), SqliteType(declared));
  const std::string lower = base::LowerCase(declared);
  const bool is_text =
      lower.contains("char") || lower.contains("clob") || lower.contains("text");
  if (field->type()->id() != arrow::Type::STRING || is_text) return field;
  // It may hold a number, which the scan casts.
  return field->WithMetadata(
      arrow::key_value_metadata({engine::kColumnForm}, {std::string("text")}));
}

std::string SqliteExpression(const arrow::Field& field) {
  const std::string name = QuotedName(SqlDialect::kSqlite, field.name());
  switch (field.type()->id()) {
    case arrow::Type::STRING:
      return "CAST(" + name + " AS TEXT) AS " + name;
    case arrow::Type::DOUBLE:
      return "CASE typeof(" + name + ") WHEN 'integer' THEN CAST(" + name +
             " AS REAL) ELSE " + name + " END AS " + name;
    default:
      return name;
  }
}

std::string SqliteColumnsSql(std::string_view schema, std::string_view table) {
  return "SELECT name, type, \"notnull\" <> 0 OR pk <> 0 AS given FROM "
         "pragma_table_info(" +
         QuotedText(SqlDialect::kSqlite, table) + ", " +
         QuotedText(SqlDialect::kSqlite, schema) + ") ORDER BY cid";
}

}  // namespace pintail::backend
