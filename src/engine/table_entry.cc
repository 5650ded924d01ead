#include "engine/table_entry.h"

#include "duckdb/catalog/catalog.hpp"

namespace pintail::engine {

duckdb::optional_ptr<duckdb::CatalogEntry> FindTableEntry(duckdb::ClientContext& context,
                                                          const TableName& name) {
  const duckdb::EntryLookupInfo lookup(duckdb::CatalogType::TABLE_ENTRY, name.table);
  const std::string schema =
      !name.catalog.empty() && name.schema.empty() ? "main" : name.schema;
  return duckdb::Catalog::GetEntry(context, name.catalog, schema, lookup,
                                   duckdb::OnEntryNotFound::RETURN_NULL);
}

}  // namespace pintail::engine
