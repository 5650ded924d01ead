#include "engine/insert_place.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/client_context.hpp"
#include "engine/duck_connection.h"
#include "engine/error_translation.h"
#include "engine/session_settings.h"
#include "engine/table_entry.h"

namespace pintail::engine {
namespace {

// The stored table that the name means to this connection; empty when it means none.
std::string StoredTable(duckdb::ClientContext& context, const TableName& name) {
  auto entry = FindTableEntry(context, name);
  if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return "";
  auto& table = entry->Cast<duckdb::TableCatalogEntry>();
  duckdb::Catalog& catalog = table.ParentCatalog();
  if (table.temporary || !catalog.IsDuckCatalog()) return "";
  return QuoteName({catalog.GetName(), table.ParentSchema().name, table.name});
}

}  // namespace

arrow::Result<std::optional<std::string>> InsertPlace(Connection& connection,
                                                      const TableName& table) {
  using Place = std::optional<std::string>;
  auto& context = static_cast<DuckConnection&>(connection).context();
  return Guarded([&]() -> arrow::Result<Place> {
    // Rare, and their values need not have texts that tell them apart.
    if (!duckdb::ClientConfig::GetConfig(context).user_variables.empty()) return Place();
    std::string place;
    context.RunFunctionInTransaction([&] { place = StoredTable(context, table); });
    if (place.empty()) return Place();
    return Place(place + " " + OwnSettings(context));
  });
}

}  // namespace pintail::engine
