#include "engine/sent_on_check.h"

#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/parsed_data/alter_info.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/planner/operator/logical_create_index.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_simple.hpp"
#include "duckdb/planner/parsed_data/bound_create_table_info.hpp"
#include "engine/journal_schema_check.h"
#include "engine/tail_store.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalOperatorType;

class SentOnCheck {
 public:
  SentOnCheck(duckdb::ClientContext& context, const TailStore& store)
      : context_(context), store_(store) {}

  void Check(duckdb::LogicalOperator& op) const {
    if (auto table = ChangedBy(op)) {
      const bool inserts = op.type == LogicalOperatorType::LOGICAL_INSERT;
      return CheckTable(*table, inserts ? kInserted : kChanged);
    }
    switch (op.type) {
      case LogicalOperatorType::LOGICAL_DROP: {
        auto& info = op.Cast<duckdb::LogicalSimple>().info->Cast<duckdb::DropInfo>();
        if (info.type == duckdb::CatalogType::TABLE_ENTRY) {
          CheckName(info.catalog, info.schema, info.name, kDefined);
        } else if (info.type == duckdb::CatalogType::SCHEMA_ENTRY) {
          CheckName(info.catalog, info.name, "", kDefined);
        }
        return;
      }
      case LogicalOperatorType::LOGICAL_ALTER: {
        auto& info = op.Cast<duckdb::LogicalSimple>().info->Cast<duckdb::AlterInfo>();
        if (info.type == duckdb::AlterType::ALTER_DATABASE) return;
        return CheckName(info.catalog, info.schema, info.name, kDefined);
      }
      case LogicalOperatorType::LOGICAL_CREATE_TABLE: {
        auto& create = op.Cast<duckdb::LogicalCreateTable>();
        const auto& base = create.info->Base();
        if (base.on_conflict != duckdb::OnCreateConflict::REPLACE_ON_CONFLICT) return;
        return CheckName(create.schema.ParentCatalog().GetName(), create.schema.name,
                         base.table, kDefined);
      }
      case LogicalOperatorType::LOGICAL_CREATE_INDEX:
        return CheckTable(op.Cast<duckdb::LogicalCreateIndex>().table, kDefined);
      default:
        return;
    }
  }

 private:
  static constexpr const char* kInserted =
      "send the rows by ingest (Flight's DoPut, bulk ingest, or POST /v1/ingest/TABLE), "
      "so that they are sent on too";
  static constexpr const char* kChanged =
      "change the source's table, and this one by taking write_through off its stream "
      "while the server is restarted";
  static constexpr const char* kDefined =
      "take write_through off its stream in the configuration and restart the server "
      "first; new columns come by themselves when rows have them";

  void CheckTable(duckdb::TableCatalogEntry& table, const char* instead) const {
    CheckName(table.ParentCatalog().GetName(), table.ParentSchema().name, table.name,
              instead);
  }
  // An empty table: any of the schema.
  void CheckName(std::string catalog, std::string schema, const std::string& table,
                 const char* instead) const {
    if (schema.empty()) {
      const auto& path = *duckdb::ClientData::Get(context_).catalog_search_path;
      schema = catalog.empty() ? path.GetDefault().schema
                               : path.GetDefaultSchema(context_, catalog);
    }
    if (catalog.empty()) {
      catalog = duckdb::DatabaseManager::GetDefaultDatabase(context_);
    }
    if (!duckdb::StringUtil::CIEquals(catalog, store_.main_name())) return;
    const auto target = store_.SentOnTo(schema, table);
    if (!target) return;
    throw duckdb::InvalidInputException(
        "the rows of the table \"%s\" are sent on to %s, and this statement would change "
        "the one without the other; %s",
        table.empty() ? schema : table, *target, instead);
  }

  duckdb::ClientContext& context_;
  const TailStore& store_;
};

}  // namespace

void CheckLeavesSentOn(duckdb::ClientContext& context, const TailStore& store,
                       duckdb::LogicalOperator& op) {
  SentOnCheck(context, store).Check(op);
}

}  // namespace pintail::engine
