#include "flight/commands/commands.h"
#include "flight/metadata_query.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {

StreamResult GetDbSchemas(Call& call, const sql::GetDbSchemas& command) {
  ARROW_ASSIGN_OR_RAISE(
      auto rows, QueryMetadata(call,
                               R"(SELECT catalog_name::VARCHAR, schema_name::VARCHAR
                       FROM information_schema.schemata
                       WHERE ($1::VARCHAR IS NULL OR catalog_name = $1::VARCHAR)
                         AND ($2::VARCHAR IS NULL OR
                              schema_name LIKE $2::VARCHAR ESCAPE '\')
                       ORDER BY 1, 2)",
                               {command.catalog, command.db_schema_filter_pattern},
                               sql::SqlSchema::GetDbSchemasSchema()));
  return StreamOf(std::move(rows));
}

}  // namespace pintail::flight::commands
