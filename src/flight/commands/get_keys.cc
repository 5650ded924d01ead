// Primary and foreign keys, from DuckDB's own list of constraints. Names are bound as
// parameters and compared as they are.
#include <optional>
#include <string>
#include <vector>

#include "flight/commands/commands.h"
#include "flight/metadata_query.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {
namespace {

constexpr char kPrimaryKeys[] = R"(
SELECT database_name::VARCHAR, schema_name::VARCHAR, table_name::VARCHAR,
       constraint_column_names[position]::VARCHAR, position::INTEGER,
       constraint_name::VARCHAR
FROM (SELECT *, unnest(range(1, len(constraint_column_names) + 1)) AS position
      FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY')
WHERE ($1::VARCHAR IS NULL OR database_name = $1::VARCHAR)
  AND ($2::VARCHAR IS NULL OR schema_name = $2::VARCHAR)
  AND table_name = $3::VARCHAR
ORDER BY 1, 2, 3, 6, 5)";

// A foreign key's row does not say in which schema the referenced table is: it is the
// key's own, or else the only one in the database that has such a table. Update and
// delete rule 3 is NO ACTION, the only one there is.
constexpr char kForeignKeys[] = R"(
WITH parents AS (
  SELECT database_name, schema_name, table_name, constraint_name, constraint_column_names
  FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE')
), keys AS (
  SELECT child.database_name AS fk_catalog, child.schema_name AS fk_schema,
         child.table_name AS fk_table, child.constraint_name AS fk_name,
         child.constraint_column_names AS fk_columns,
         child.referenced_table AS pk_table,
         child.referenced_column_names AS pk_columns,
         coalesce(
           (SELECT any_value(t.schema_name) FROM duckdb_tables() t
             WHERE t.database_name = child.database_name
               AND t.schema_name = child.schema_name
               AND t.table_name = child.referenced_table),
           (SELECT min(t.schema_name) FROM duckdb_tables() t
             WHERE t.database_name = child.database_name
               AND t.table_name = child.referenced_table)) AS pk_schema,
         unnest(range(1, len(child.constraint_column_names) + 1)) AS position
  FROM duckdb_constraints() child WHERE child.constraint_type = 'FOREIGN KEY'
)
SELECT fk_catalog::VARCHAR AS pk_catalog, pk_schema::VARCHAR, pk_table::VARCHAR,
       pk_columns[position]::VARCHAR, fk_catalog::VARCHAR, fk_schema::VARCHAR,
       fk_table::VARCHAR, fk_columns[position]::VARCHAR, position::INTEGER,
       fk_name::VARCHAR,
       (SELECT any_value(p.constraint_name) FROM parents p
         WHERE p.database_name = fk_catalog AND p.schema_name = pk_schema
           AND p.table_name = pk_table
           AND p.constraint_column_names = pk_columns)::VARCHAR,
       3::UTINYINT, 3::UTINYINT
FROM keys
WHERE ($1::VARCHAR IS NULL OR fk_catalog = $1::VARCHAR)
  AND ($2::VARCHAR IS NULL OR pk_schema = $2::VARCHAR)
  AND ($3::VARCHAR IS NULL OR pk_table = $3::VARCHAR)
  AND ($4::VARCHAR IS NULL OR fk_catalog = $4::VARCHAR)
  AND ($5::VARCHAR IS NULL OR fk_schema = $5::VARCHAR)
  AND ($6::VARCHAR IS NULL OR fk_table = $6::VARCHAR)
)";

constexpr char kByParent[] = "ORDER BY 1, 2, 3, 11, 9";
constexpr char kByChild[] = "ORDER BY 5, 6, 7, 10, 9";

// Both ends may be left open.
StreamResult ForeignKeys(Call& call, const std::optional<sql::TableRef>& parent,
                         const std::optional<sql::TableRef>& child, const char* order,
                         const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<std::optional<std::string>> parameters;
  for (const auto& end : {parent, child}) {
    if (end) {
      parameters.insert(parameters.end(), {end->catalog, end->db_schema, end->table});
    } else {
      parameters.insert(parameters.end(), {std::nullopt, std::nullopt, std::nullopt});
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto rows, QueryMetadata(call, std::string(kForeignKeys) + order,
                                                 parameters, schema));
  return StreamOf(std::move(rows));
}

}  // namespace

StreamResult GetPrimaryKeys(Call& call, const sql::GetPrimaryKeys& command) {
  const sql::TableRef& table = command.table_ref;
  ARROW_ASSIGN_OR_RAISE(
      auto rows,
      QueryMetadata(call, kPrimaryKeys, {table.catalog, table.db_schema, table.table},
                    sql::SqlSchema::GetPrimaryKeysSchema()));
  return StreamOf(std::move(rows));
}

StreamResult GetExportedKeys(Call& call, const sql::GetExportedKeys& command) {
  return ForeignKeys(call, command.table_ref, std::nullopt, kByChild,
                     sql::SqlSchema::GetExportedKeysSchema());
}

StreamResult GetImportedKeys(Call& call, const sql::GetImportedKeys& command) {
  return ForeignKeys(call, std::nullopt, command.table_ref, kByParent,
                     sql::SqlSchema::GetImportedKeysSchema());
}

StreamResult GetCrossReference(Call& call, const sql::GetCrossReference& command) {
  return ForeignKeys(call, command.pk_table_ref, command.fk_table_ref, kByChild,
                     sql::SqlSchema::GetCrossReferenceSchema());
}

}  // namespace pintail::flight::commands
