#include "engine/existing_table.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "engine/duck_connection.h"
#include "engine/error_translation.h"
#include "engine/table_entry.h"

namespace pintail::engine {

arrow::Result<std::optional<TableName>> ExistingTable(Connection& connection,
                                                      const TableName& name) {
  using Found = std::optional<TableName>;
  auto& context = static_cast<DuckConnection&>(connection).context();
  return Guarded([&]() -> arrow::Result<Found> {
    Found found;
    context.RunFunctionInTransaction([&] {
      auto entry = FindTableEntry(context, name);
      if (!entry) return;
      found = TableName{.catalog = entry->ParentCatalog().GetName(),
                        .schema = entry->ParentSchema().name,
                        .table = entry->name};
    });
    return found;
  });
}

}  // namespace pintail::engine
