#include "engine/journal_schema_check.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/parsed_data/alter_info.hpp"
#include "duckdb/parser/parsed_data/copy_database_info.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/planner/operator/logical_copy_database.hpp"
#include "duckdb/planner/operator/logical_create.hpp"
#include "duckdb/planner/operator/logical_create_index.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"
#include "duckdb/planner/operator/logical_merge_into.hpp"
#include "duckdb/planner/operator/logical_simple.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "engine/copies.h"
#include "engine/tail_positions.h"

namespace pintail::engine {
namespace {

using duckdb::CatalogType;
using duckdb::LogicalOperatorType;
using duckdb::StringUtil;

class JournalSchemaCheck {
 public:
  JournalSchemaCheck(duckdb::ClientContext& context, const std::string& main_database)
      : context_(context), main_database_(main_database) {}

  void Check(duckdb::LogicalOperator& op) const {
    if (auto table = ChangedBy(op)) CheckSchema(table->ParentSchema());
    switch (op.type) {
      case LogicalOperatorType::LOGICAL_DROP:
        return CheckDrop(op.Cast<duckdb::LogicalSimple>().info->Cast<duckdb::DropInfo>());
      case LogicalOperatorType::LOGICAL_ALTER: {
        auto& info = op.Cast<duckdb::LogicalSimple>().info->Cast<duckdb::AlterInfo>();
        if (info.type == duckdb::AlterType::ALTER_DATABASE) return;
        return CheckName(info.catalog, info.schema);
      }
      case LogicalOperatorType::LOGICAL_CREATE_TABLE:
        return CheckSchema(op.Cast<duckdb::LogicalCreateTable>().schema);
      case LogicalOperatorType::LOGICAL_CREATE_INDEX:
        return CheckSchema(op.Cast<duckdb::LogicalCreateIndex>().table.ParentSchema());
      case LogicalOperatorType::LOGICAL_CREATE_SCHEMA:
      case LogicalOperatorType::LOGICAL_CREATE_VIEW:
      case LogicalOperatorType::LOGICAL_CREATE_SEQUENCE:
      case LogicalOperatorType::LOGICAL_CREATE_MACRO:
      case LogicalOperatorType::LOGICAL_CREATE_TYPE: {
        auto& create = op.Cast<duckdb::LogicalCreate>();
        if (create.schema) return CheckSchema(*create.schema);
        return CheckSchemaName(create.info->catalog, create.info->schema);
      }
      case LogicalOperatorType::LOGICAL_COPY_DATABASE:
        for (auto& entry : op.Cast<duckdb::LogicalCopyDatabase>().info->entries) {
          CheckName(entry->catalog, entry->schema);
        }
        return;
      default:
        return;
    }
  }

 private:
  void CheckDrop(duckdb::DropInfo& info) const {
    switch (info.type) {
      case CatalogType::PREPARED_STATEMENT:
      case CatalogType::SECRET_ENTRY:
        return;  // in no schema
      case CatalogType::SCHEMA_ENTRY:
        return CheckSchemaName(info.catalog, info.name);
      default:
        return CheckName(info.catalog, info.schema);
    }
  }

  void CheckSchemaName(std::string& catalog, std::string& name) const {
    if (StringUtil::CIEquals(name, kJournalSchema) ||
        StringUtil::CIEquals(name, kCopiesSchema)) {
      CheckName(catalog, name);
    }
  }
  // The schema of an entry that was found; of one that was not, as it is written.
  void CheckName(std::string& catalog, std::string& schema) const {
    // With IF EXISTS what is not there now is looked for again when the plan is executed,
    // on the search path of then. What it found in another database would be fatal too,
    // as the plan does not say that it changes that one.
    if (schema.empty()) {
      const auto& path = *duckdb::ClientData::Get(context_).catalog_search_path;
      schema = catalog.empty() ? path.GetDefault().schema
                               : path.GetDefaultSchema(context_, catalog);
    }
    if (catalog.empty()) {
      catalog = duckdb::DatabaseManager::GetDefaultDatabase(context_);
    }
    Check(catalog, schema);
  }
  void CheckSchema(duckdb::SchemaCatalogEntry& schema) const {
    Check(schema.ParentCatalog().GetName(), schema.name);
  }
  void Check(const std::string& catalog, const std::string& schema) const {
    if (!StringUtil::CIEquals(catalog, main_database_)) return;
    if (StringUtil::CIEquals(schema, kCopiesSchema)) {
      throw duckdb::PermissionException(
          "the schema %s has the copies of sources' tables, and only the server changes "
          "it or what is in it; change the source's table, or its declaration in the "
          "configuration",
          kCopiesSchema);
    }
    if (!StringUtil::CIEquals(schema, kJournalSchema)) return;
    throw duckdb::PermissionException(
        "the schema %s says what of the journal is in the tables, and only the server "
        "changes it or what is in it",
        kJournalSchema);
  }

  duckdb::ClientContext& context_;
  const std::string& main_database_;
};

}  // namespace

void CheckLeavesJournalSchema(duckdb::ClientContext& context,
                              const std::string& main_database,
                              duckdb::LogicalOperator& op) {
  JournalSchemaCheck(context, main_database).Check(op);
}

duckdb::optional_ptr<duckdb::TableCatalogEntry> ChangedBy(duckdb::LogicalOperator& op) {
  switch (op.type) {
    case LogicalOperatorType::LOGICAL_INSERT:
      return op.Cast<duckdb::LogicalInsert>().table;
    case LogicalOperatorType::LOGICAL_UPDATE:
      return op.Cast<duckdb::LogicalUpdate>().table;
    case LogicalOperatorType::LOGICAL_DELETE:
      return op.Cast<duckdb::LogicalDelete>().table;
    case LogicalOperatorType::LOGICAL_MERGE_INTO:
      return op.Cast<duckdb::LogicalMergeInto>().table;
    default:
      return nullptr;
  }
}

}  // namespace pintail::engine
