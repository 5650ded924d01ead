#include "ingest/resolved_name.h"

#include "catalog/text_rows.h"

namespace pintail::ingest {

arrow::Result<engine::TableName> ResolvedName(engine::Connection& connection,
                                              engine::TableName name) {
  if (!name.catalog.empty() && !name.schema.empty()) return name;
  ARROW_ASSIGN_OR_RAISE(
      const auto current,
      catalog::TextRows(connection, "SELECT current_database(), current_schema()"));
  if (name.catalog.empty()) name.catalog = current.at(0).at(0).value_or("");
  if (name.schema.empty()) name.schema = current.at(0).at(1).value_or("");
  return name;
}

}  // namespace pintail::ingest
