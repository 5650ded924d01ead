#include "engine/insert_place.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/config.hpp"
#include "engine/duck_connection.h"
#include "engine/error_translation.h"
#include "engine/table_entry.h"

namespace pintail::engine {
namespace {

// DuckDB numbers its settings, those of extensions after its own, and does not tell how
// many there are. There are about 200.
constexpr duckdb::idx_t kMostSettings = 1024;

// The stored table that the name means to this connection; empty when it means none.
std::string StoredTable(duckdb::ClientContext& context, const TableName& name) {
  auto entry = FindTableEntry(context, name);
  if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return "";
  auto& table = entry->Cast<duckdb::TableCatalogEntry>();
  duckdb::Catalog& catalog = table.ParentCatalog();
  if (table.temporary || !catalog.IsDuckCatalog()) return "";
  return QuoteName({catalog.GetName(), table.ParentSchema().name, table.name});
}

// What the session has set itself and could change how values are cast, and what
// defaults, checks and generated columns come to.
std::string OwnSettings(duckdb::ClientContext& context) {
  const auto& settings = duckdb::ClientConfig::GetConfig(context).user_settings;
  const auto& everybodys = duckdb::DBConfig::GetConfig(context).user_settings;
  std::string text = duckdb::CatalogSearchEntry::ListToString(
      duckdb::ClientData::Get(context).catalog_search_path->GetSetPaths());
  for (duckdb::idx_t i = 0; i < kMostSettings; ++i) {
    if (!settings.IsSet(i)) continue;
    duckdb::Value value;
    settings.TryGetSetting(everybodys, i, value);
    text += ";" + std::to_string(i) + "=" + value.ToSQLString();
  }
  return text;
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
