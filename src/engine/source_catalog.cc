#include "engine/source_catalog.h"

#include <utility>

#include "duckdb/catalog/entry_lookup_info.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/parser/parsed_data/create_schema_info.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/storage/database_size.hpp"
#include "engine/error_translation.h"
#include "engine/interruptible.h"
#include "engine/source_query.h"
#include "engine/source_scan.h"
#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using duckdb::StringUtil;

bool IsMain(const std::string& schema) {
  return StringUtil::CIEquals(schema, DEFAULT_SCHEMA);
}

// The schemas, unless there is no statement to ask them for.
std::vector<std::string> SchemasFor(duckdb::CatalogTransaction& transaction,
                                    SourceTables& tables) {
  std::vector<std::string> schemas;
  if (!transaction.context) return schemas;
  OrThrow(
      RunInterruptibly(*transaction.context, [&](std::stop_token stop) -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(schemas, tables.Schemas(stop));
        return arrow::Status::OK();
      }));
  return schemas;
}

}  // namespace

SourceCatalog::SourceCatalog(duckdb::AttachedDatabase& database,
                             std::shared_ptr<Source> source,
                             std::shared_ptr<SourceTables> tables)
    : Catalog(database), source_(std::move(source)), tables_(std::move(tables)) {}

SourceCatalog::~SourceCatalog() = default;

void SourceCatalog::Initialize(bool) {}

std::optional<std::string> SourceCatalog::ConditionOf(const duckdb::LogicalGet& scan) {
  const SourceScanData* data = SourceScanOf(scan.function, scan.bind_data);
  if (!data || data->keys || data->limit) return std::nullopt;
  return AllOf(data->conditions);
}

std::optional<std::string> SourceCatalog::SqlColumnOf(const duckdb::LogicalGet& scan,
                                                      duckdb::idx_t column,
                                                      const std::string& name) {
  const SourceScanData* data = SourceScanOf(scan.function, scan.bind_data);
  if (!data) return std::nullopt;
  return SqlSourceColumn(capabilities().dialect, data->table->source_column(column),
                         name);
}

duckdb::unique_ptr<duckdb::LogicalGet> SourceCatalog::MakeSourceQuery(
    duckdb::ClientContext&, duckdb::idx_t table_index, SourceQuery query) {
  return MakeSourceQueryScan(table_index, *this, std::move(query));
}

SourceSchemaEntry& SourceCatalog::SchemaNamed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& entry = schemas_[name];
  if (!entry) {
    duckdb::CreateSchemaInfo info;
    info.schema = name;
    entry = std::make_unique<SourceSchemaEntry>(*this, info);
  }
  return *entry;
}

duckdb::optional_ptr<duckdb::SchemaCatalogEntry> SourceCatalog::LookupSchema(
    duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
    duckdb::OnEntryNotFound if_not_found) {
  const std::string& name = lookup.GetEntryName();
  const std::string own = source_->default_schema();
  if (StringUtil::CIEquals(name, own)) return &SchemaNamed(own);
  const auto schemas = SchemasFor(transaction, *tables_);
  for (const auto& schema : schemas) {
    if (schema == name) return &SchemaNamed(schema);
  }
  for (const auto& schema : schemas) {
    if (StringUtil::CIEquals(schema, name)) return &SchemaNamed(schema);
  }
  // What DuckDB and we write when no schema is named.
  if (IsMain(name)) return &SchemaNamed(own);
  if (if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
  throw duckdb::CatalogException::MissingEntry(lookup, "");
}

void SourceCatalog::ScanSchemas(
    duckdb::ClientContext& context,
    std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
  std::vector<std::string> schemas;
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
    schemas = tables_->LastSchemas(stop);
    return arrow::Status::OK();
  }));
  for (const auto& schema : schemas) callback(SchemaNamed(schema));
}

duckdb::optional_ptr<duckdb::CatalogEntry> SourceCatalog::CreateSchema(
    duckdb::CatalogTransaction transaction, duckdb::CreateSchemaInfo& info) {
  const auto capabilities = source_->capabilities();
  auto& context = transaction.GetContext();
  const auto found = LookupSchema(
      transaction,
      duckdb::EntryLookupInfo(duckdb::CatalogType::SCHEMA_ENTRY, info.schema),
      duckdb::OnEntryNotFound::RETURN_NULL);
  const bool exists = found && StringUtil::CIEquals(found->name, info.schema);
  if (exists && info.on_conflict == duckdb::OnCreateConflict::IGNORE_ON_CONFLICT) {
    return nullptr;
  }
  if (exists)
    throw duckdb::CatalogException::EntryAlreadyExists(duckdb::CatalogType::SCHEMA_ENTRY,
                                                       info.schema);
  if (!capabilities.create || capabilities.dialect == SqlDialect::kNone ||
      capabilities.dialect == SqlDialect::kSqlite) {
    OrThrow(base::MakeError(base::ErrorKind::kUnimplemented, "the source \"", GetName(),
                            "\" (", source_->type(), ") cannot make schemas"));
  }
  const auto schema = SqlName(capabilities.dialect, info.schema);
  if (!schema) {
    OrThrow(base::MakeError(base::ErrorKind::kInvalidArgument, "the source \"", GetName(),
                            "\" cannot have a schema of this name"));
  }
  const std::string sql = "CREATE SCHEMA " + *schema;
  auto& own = SourceTransaction::Of(context, *this);
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
    return own.WithSession(
        stop, [&](SourceSession& session) { return session.Execute(sql).status(); });
  }));
  tables_->ForgetAll();
  return &SchemaNamed(info.schema);
}

void SourceCatalog::DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) {
  OrThrow(base::MakeError(
      base::ErrorKind::kUnimplemented, "a schema of the source \"", GetName(),
      "\" is not dropped from here, with whatever is in it; run the statement at the "
      "source itself"));
}

duckdb::unique_ptr<duckdb::LogicalOperator> SourceCatalog::BindCreateIndex(
    duckdb::Binder&, duckdb::CreateStatement&, duckdb::TableCatalogEntry&,
    duckdb::unique_ptr<duckdb::LogicalOperator>) {
  ThrowThroughDuckDb(base::MakeError(
      base::ErrorKind::kUnimplemented, "an index of a table of the source \"", GetName(),
      "\" is not made from here; run the statement at the source itself"));
}

duckdb::DatabaseSize SourceCatalog::GetDatabaseSize(duckdb::ClientContext&) {
  duckdb::DatabaseSize size;
  size.free_blocks = size.total_blocks = size.used_blocks = 0;
  size.wal_size = size.block_size = size.bytes = 0;
  return size;
}

}  // namespace pintail::engine
