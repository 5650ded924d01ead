#include "ingest/fixed_columns.h"

#include "catalog/text_rows.h"
#include "engine/names.h"

namespace pintail::ingest {
namespace {

using engine::QuoteText;

// The table that SQL finds under the name: its own, and the schema's and database's.
std::string FindTable(const engine::TableName& table) {
  std::string query =
      "SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE "
      "lower(table_name) = lower(" +
      QuoteText(table.table) + ")";
  if (!table.catalog.empty()) {
    query += " AND lower(database_name) = lower(" + QuoteText(table.catalog) + ")";
  }
  if (!table.schema.empty()) {
    query += " AND lower(schema_name) = lower(" + QuoteText(table.schema) + ")";
  }
  return query +
         " ORDER BY (database_name = 'temp') DESC, (database_name = current_database()) "
         "DESC, (schema_name = current_schema()) DESC LIMIT 1";
}

}  // namespace

arrow::Result<std::optional<std::string>> WhatFixesType(engine::Connection& connection,
                                                        const engine::TableName& table,
                                                        const std::string& column) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(
          connection,
          "WITH target AS (" + FindTable(table) +
              ") SELECT constraint_text FROM duckdb_constraints() JOIN target "
              "USING (database_name, schema_name, table_name) WHERE constraint_type IN "
              "('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY', 'CHECK') AND "
              "list_contains(list_transform(constraint_column_names, lambda name: "
              "lower(name)), lower(" +
              QuoteText(column) +
              ")) UNION ALL SELECT 'the index ' || index_name FROM duckdb_indexes() "
              "JOIN target USING (database_name, schema_name, table_name)"
              " UNION ALL SELECT 'the foreign key of table ' || c.table_name FROM "
              "duckdb_constraints() AS c JOIN target ON c.database_name = "
              "target.database_name AND c.schema_name = target.schema_name AND "
              "c.referenced_table = target.table_name"));
  if (rows.empty()) return std::nullopt;
  return rows.front()[0].value_or("a constraint");
}

}  // namespace pintail::ingest
