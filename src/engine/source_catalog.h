// A source as a database of DuckDB: its schemas and tables are looked up there when they
// are named. Private to the engine; callable from any thread, as DuckDB calls it. Throws
// DuckDB's exceptions.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "engine/push_down_source.h"
#include "engine/source.h"
#include "engine/source_filter.h"
#include "engine/source_tables.h"
#include "engine/source_transaction.h"

namespace pintail::engine {

class SourceSchemaEntry;

class SourceCatalog final : public duckdb::Catalog, public QueryableCatalog {
 public:
  SourceCatalog(duckdb::AttachedDatabase& database, std::shared_ptr<Source> source,
                std::shared_ptr<SourceTables> tables);
  ~SourceCatalog() override;

  const std::shared_ptr<Source>& source() const { return source_; }
  const std::shared_ptr<SourceTables>& tables() const { return tables_; }

  SourceCapabilities capabilities() const override { return source_->capabilities(); }
  std::optional<std::string> ConditionOf(const duckdb::LogicalGet& scan) override;
  std::optional<std::string> SqlColumnOf(const duckdb::LogicalGet& scan,
                                         duckdb::idx_t column,
                                         const std::string& name) override;
  duckdb::unique_ptr<duckdb::LogicalGet> MakeSourceQuery(duckdb::ClientContext& context,
                                                         duckdb::idx_t table_index,
                                                         SourceQuery query) override;

  void Initialize(bool load_builtin) override;
  std::string GetCatalogType() override { return "pintail_source"; }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(
      duckdb::CatalogTransaction transaction, duckdb::CreateSchemaInfo& info) override;
  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(
      duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
      duckdb::OnEntryNotFound if_not_found) override;
  void ScanSchemas(duckdb::ClientContext& context,
                   std::function<void(duckdb::SchemaCatalogEntry&)> callback) override;

  using Plan = duckdb::PhysicalOperator;
  using Planner = duckdb::PhysicalPlanGenerator;
  Plan& PlanCreateTableAs(duckdb::ClientContext& context, Planner& planner,
                          duckdb::LogicalCreateTable& op, Plan& plan) override;
  Plan& PlanInsert(duckdb::ClientContext& context, Planner& planner,
                   duckdb::LogicalInsert& op, duckdb::optional_ptr<Plan> plan) override;
  Plan& PlanDelete(duckdb::ClientContext& context, Planner& planner,
                   duckdb::LogicalDelete& op) override;
  Plan& PlanDelete(duckdb::ClientContext& context, Planner& planner,
                   duckdb::LogicalDelete& op, Plan& plan) override;
  Plan& PlanUpdate(duckdb::ClientContext& context, Planner& planner,
                   duckdb::LogicalUpdate& op) override;
  Plan& PlanUpdate(duckdb::ClientContext& context, Planner& planner,
                   duckdb::LogicalUpdate& op, Plan& plan) override;

  // Refuses: DuckDB's own would take a scan of the table for one of its tables.
  duckdb::unique_ptr<duckdb::LogicalOperator> BindCreateIndex(
      duckdb::Binder& binder, duckdb::CreateStatement& statement,
      duckdb::TableCatalogEntry& table,
      duckdb::unique_ptr<duckdb::LogicalOperator> plan) override;

  duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext& context) override;
  bool InMemory() override { return false; }
  std::string GetDBPath() override { return ""; }
  std::string GetDefaultSchema() const override { return source_->default_schema(); }
  void DropSchema(duckdb::ClientContext& context, duckdb::DropInfo& info) override;

 private:
  SourceSchemaEntry& SchemaNamed(const std::string& name);

  const std::shared_ptr<Source> source_;
  const std::shared_ptr<SourceTables> tables_;
  std::mutex mutex_;
  // By name as the source spells it; never removed, as plans refer to them. Protected by
  // mutex_.
  std::map<std::string, std::unique_ptr<SourceSchemaEntry>> schemas_;
};

class SourceTableEntry final : public duckdb::TableCatalogEntry,
                               public std::enable_shared_from_this<SourceTableEntry> {
 public:
  // The types are as ArrowInput reads the schema's.
  SourceTableEntry(SourceCatalog& catalog, SourceSchemaEntry& schema,
                   duckdb::CreateTableInfo& info,
                   std::shared_ptr<const KnownTable> table);

  const KnownTable& table() const { return *table_; }
  const std::shared_ptr<const KnownTable>& known() const { return table_; }
  SourceCatalog& source_catalog() const;
  // As conditions are written about it.
  const SourceColumn& source_column(size_t index) const { return source_columns_[index]; }

  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext&,
                                                           duckdb::column_t) override {
    return nullptr;
  }
  duckdb::TableFunction GetScanFunction(
      duckdb::ClientContext& context,
      duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext& context) override;
  // The row's number stands for the key: sources number no rows.
  duckdb::virtual_column_map_t GetVirtualColumns() const override;
  duckdb::vector<duckdb::column_t> GetRowIdColumns() const override;
  void BindUpdateConstraints(duckdb::Binder& binder, duckdb::LogicalGet& get,
                             duckdb::LogicalProjection& projection,
                             duckdb::LogicalUpdate& update,
                             duckdb::ClientContext& context) override;

 private:
  const std::shared_ptr<const KnownTable> table_;
  std::vector<SourceColumn> source_columns_;
};

class SourceSchemaEntry final : public duckdb::SchemaCatalogEntry {
 public:
  SourceSchemaEntry(SourceCatalog& catalog, duckdb::CreateSchemaInfo& info);

  void Scan(duckdb::ClientContext& context, duckdb::CatalogType type,
            const std::function<void(duckdb::CatalogEntry&)>& callback) override;
  void Scan(duckdb::CatalogType type,
            const std::function<void(duckdb::CatalogEntry&)>& callback) override;
  duckdb::optional_ptr<duckdb::CatalogEntry> LookupEntry(
      duckdb::CatalogTransaction transaction,
      const duckdb::EntryLookupInfo& lookup) override;
  // For "did you mean": not worth a question to the source.
  duckdb::SimilarCatalogEntry GetSimilarEntry(
      duckdb::CatalogTransaction transaction,
      const duckdb::EntryLookupInfo& lookup) override;

  duckdb::optional_ptr<duckdb::CatalogEntry> CreateTable(
      duckdb::CatalogTransaction transaction,
      duckdb::BoundCreateTableInfo& info) override;
  void DropEntry(duckdb::ClientContext& context, duckdb::DropInfo& info) override;

  using Entry = duckdb::optional_ptr<duckdb::CatalogEntry>;
  using Transaction = duckdb::CatalogTransaction;
  Entry CreateIndex(Transaction, duckdb::CreateIndexInfo&,
                    duckdb::TableCatalogEntry&) override;
  Entry CreateFunction(Transaction, duckdb::CreateFunctionInfo&) override;
  Entry CreateView(Transaction, duckdb::CreateViewInfo&) override;
  Entry CreateSequence(Transaction, duckdb::CreateSequenceInfo&) override;
  Entry CreateTableFunction(Transaction, duckdb::CreateTableFunctionInfo&) override;
  Entry CreateCopyFunction(Transaction, duckdb::CreateCopyFunctionInfo&) override;
  Entry CreatePragmaFunction(Transaction, duckdb::CreatePragmaFunctionInfo&) override;
  Entry CreateCollation(Transaction, duckdb::CreateCollationInfo&) override;
  Entry CreateType(Transaction, duckdb::CreateTypeInfo&) override;
  void Alter(Transaction, duckdb::AlterInfo& info) override;

 private:
  SourceCatalog& source_catalog() const;
  std::shared_ptr<SourceTableEntry> EntryFor(duckdb::ClientContext& context,
                                             std::shared_ptr<const KnownTable> table);

  std::mutex mutex_;
  // The last entry made for a table, while a transaction or a plan has it. Protected by
  // mutex_.
  std::map<std::string, std::weak_ptr<SourceTableEntry>> entries_;
};

}  // namespace pintail::engine
