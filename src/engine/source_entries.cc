// The schemas and tables of a source, as DuckDB's catalog has them.

#include <utility>

#include "arrow/extension_type.h"
#include "arrow/util/key_value_metadata.h"
#include "duckdb/catalog/entry_lookup_info.hpp"
#include "duckdb/catalog/similar_catalog_entry.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/parser/parsed_data/create_schema_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/planner/parsed_data/bound_create_table_info.hpp"
#include "duckdb/storage/table_storage_info.hpp"
#include "engine/arrow_collector.h"
#include "engine/arrow_input.h"
#include "engine/error_translation.h"
#include "engine/interruptible.h"
#include "engine/result_types.h"
#include "engine/source_catalog.h"
#include "engine/source_scan.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;

ColumnForm FormOf(const arrow::Field& field) {
  const auto metadata = [&](const char* key) {
    return field.metadata() ? field.metadata()->Get(key).ValueOr("") : "";
  };
  const std::string form = metadata(kColumnForm);
  if (!form.empty()) return form == "text" ? ColumnForm::kText : ColumnForm::kOther;
  std::string extension = metadata("ARROW:extension:name");
  if (field.type()->id() == arrow::Type::EXTENSION) {
    extension = static_cast<const arrow::ExtensionType&>(*field.type()).extension_name();
  }
  const bool same = extension.empty() || extension == "arrow.uuid";
  return same ? ColumnForm::kSame : ColumnForm::kOther;
}

[[noreturn]] void Refuse(const SourceSchemaEntry& schema, const char* what) {
  ThrowThroughDuckDb(base::MakeError(
      ErrorKind::kUnimplemented, "the source \"",
      const_cast<SourceSchemaEntry&>(schema).catalog.GetName(), "\" has tables only; ",
      what, " in a database of this server, or run the statement at the source itself"));
}

}  // namespace

SourceTableEntry::SourceTableEntry(SourceCatalog& catalog, SourceSchemaEntry& schema,
                                   duckdb::CreateTableInfo& info,
                                   std::shared_ptr<const KnownTable> table)
    : TableCatalogEntry(catalog, schema, info), table_(std::move(table)) {
  size_t index = 0;
  for (const auto& column : columns.Logical()) {
    const auto& field = *table_->schema->field(static_cast<int>(index));
    source_columns_.push_back({.name = field.name(),
                               .type = column.Type(),
                               .form = FormOf(field),
                               .key = index == 0});
    ++index;
  }
}

SourceCatalog& SourceTableEntry::source_catalog() const {
  return const_cast<duckdb::Catalog&>(catalog).Cast<SourceCatalog>();
}

duckdb::TableFunction SourceTableEntry::GetScanFunction(
    duckdb::ClientContext&, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  return MakeSourceScan(shared_from_this(), bind_data);
}

duckdb::TableStorageInfo SourceTableEntry::GetStorageInfo(duckdb::ClientContext&) {
  return {};
}

duckdb::virtual_column_map_t SourceTableEntry::GetVirtualColumns() const {
  duckdb::virtual_column_map_t columns_of_rows;
  columns_of_rows.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY,
                          duckdb::TableColumn("", duckdb::LogicalType::BOOLEAN));
  columns_of_rows.emplace(duckdb::COLUMN_IDENTIFIER_ROW_ID,
                          duckdb::TableColumn("rowid", source_columns_[0].type));
  return columns_of_rows;
}

duckdb::vector<duckdb::column_t> SourceTableEntry::GetRowIdColumns() const {
  return {duckdb::COLUMN_IDENTIFIER_ROW_ID};
}

void SourceTableEntry::BindUpdateConstraints(duckdb::Binder&, duckdb::LogicalGet&,
                                             duckdb::LogicalProjection&,
                                             duckdb::LogicalUpdate&,
                                             duckdb::ClientContext&) {
  // The source checks its own.
}

SourceSchemaEntry::SourceSchemaEntry(SourceCatalog& catalog,
                                     duckdb::CreateSchemaInfo& info)
    : SchemaCatalogEntry(catalog, info) {}

SourceCatalog& SourceSchemaEntry::source_catalog() const {
  return const_cast<duckdb::Catalog&>(catalog).Cast<SourceCatalog>();
}

std::shared_ptr<SourceTableEntry> SourceSchemaEntry::EntryFor(
    duckdb::ClientContext& context, std::shared_ptr<const KnownTable> table) {
  const std::lock_guard lock(mutex_);
  auto& last = entries_[table->name.table];
  if (auto entry = last.lock(); entry && entry->known() == table) return entry;
  const auto in_error = [&](const arrow::Status& status) {
    return base::WithContext(status, "the table " + name + "." + table->name.table +
                                         " of the source \"" + catalog.GetName() + "\"");
  };
  auto storable = StorableSchema(*table->schema);
  if (!storable.ok()) ThrowThroughDuckDb(in_error(storable.status()));
  auto input = ArrowInput::Make(context, **storable);
  if (!input.ok()) ThrowThroughDuckDb(in_error(input.status()));
  if ((*input)->types().empty()) {
    ThrowThroughDuckDb(
        in_error(base::MakeError(ErrorKind::kUnimplemented, "it has no columns")));
  }
  duckdb::CreateTableInfo info(catalog.GetName(), name, table->name.table);
  for (size_t i = 0; i < (*input)->types().size(); ++i) {
    const auto& field = *table->schema->field(static_cast<int>(i));
    info.columns.AddColumn(duckdb::ColumnDefinition(field.name(), (*input)->types()[i]));
    if (field.nullable()) continue;
    info.constraints.push_back(
        duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
  }
  auto entry = std::make_shared<SourceTableEntry>(source_catalog(), *this, info, table);
  if (entries_.size() > 10'000) {
    std::erase_if(entries_, [](const auto& each) { return each.second.expired(); });
  }
  entries_[table->name.table] = entry;
  return entry;
}

duckdb::optional_ptr<duckdb::CatalogEntry> SourceSchemaEntry::LookupEntry(
    duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup) {
  if (lookup.GetCatalogType() != duckdb::CatalogType::TABLE_ENTRY ||
      !transaction.context) {
    return nullptr;
  }
  auto& context = *transaction.context;
  auto& own = SourceTransaction::Of(context, catalog);
  const SourceTableName wanted{name, lookup.GetEntryName()};
  std::shared_ptr<const KnownTable> table;
  if (auto made = own.Own(wanted)) {
    table = *made;
  } else {
    OrThrow(RunInterruptibly(context, [&](std::stop_token stop) -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(table, source_catalog().tables()->Find(wanted, stop));
      return arrow::Status::OK();
    }));
  }
  if (!table) return nullptr;
  auto entry = EntryFor(context, std::move(table));
  own.Keep(entry);
  return entry.get();
}

duckdb::SimilarCatalogEntry SourceSchemaEntry::GetSimilarEntry(
    duckdb::CatalogTransaction, const duckdb::EntryLookupInfo&) {
  return {};
}

void SourceSchemaEntry::Scan(duckdb::ClientContext& context, duckdb::CatalogType type,
                             const std::function<void(duckdb::CatalogEntry&)>& callback) {
  if (type != duckdb::CatalogType::TABLE_ENTRY) return;
  auto& own = SourceTransaction::Of(context, catalog);
  std::vector<std::shared_ptr<const KnownTable>> found;
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
    auto& tables = *source_catalog().tables();
    for (const auto& table : tables.LastTables(name, stop)) {
      if (stop.stop_requested()) break;
      auto known = tables.LastTable({name, table}, stop);
      if (known) found.push_back(std::move(known));
    }
    return arrow::Status::OK();
  }));
  for (auto& table : found) {
    std::shared_ptr<SourceTableEntry> entry;
    // One that DuckDB has no types for is in no list.
    const auto made = Guarded([&]() -> arrow::Status {
      entry = EntryFor(context, std::move(table));
      return arrow::Status::OK();
    });
    if (!made.ok()) continue;
    own.Keep(entry);
    callback(*entry);
  }
}

void SourceSchemaEntry::Scan(duckdb::CatalogType,
                             const std::function<void(duckdb::CatalogEntry&)>&) {}

duckdb::optional_ptr<duckdb::CatalogEntry> SourceSchemaEntry::CreateTable(
    duckdb::CatalogTransaction transaction, duckdb::BoundCreateTableInfo& info) {
  using duckdb::OnCreateConflict;
  auto& context = transaction.GetContext();
  auto& base_info = info.Base();
  auto& source = *source_catalog().source();
  if (!source.capabilities().create) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented, "the source \"",
                                       catalog.GetName(), "\" (", source.type(),
                                       ") cannot make tables"));
  }
  if (base_info.on_conflict == OnCreateConflict::REPLACE_ON_CONFLICT) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented,
                                       "CREATE OR REPLACE TABLE does not reach into the "
                                       "source \"",
                                       catalog.GetName(), "\"; DROP the table first"));
  }
  const SourceTableName made{name, base_info.table};
  const duckdb::EntryLookupInfo lookup(duckdb::CatalogType::TABLE_ENTRY, made.table);
  if (LookupEntry(transaction, lookup)) {
    if (base_info.on_conflict == OnCreateConflict::IGNORE_ON_CONFLICT) return nullptr;
    throw duckdb::CatalogException::EntryAlreadyExists(duckdb::CatalogType::TABLE_ENTRY,
                                                       made.table);
  }
  std::set<duckdb::idx_t> not_null;
  for (const auto& constraint : base_info.constraints) {
    if (constraint->type != duckdb::ConstraintType::NOT_NULL) {
      ThrowThroughDuckDb(
          base::MakeError(ErrorKind::kUnimplemented,
                          "only NOT NULL of a table's constraints reaches the "
                          "source \"",
                          catalog.GetName(),
                          "\"; make the table with pintail.remote or at "
                          "the source itself"));
    }
    not_null.insert(constraint->Cast<duckdb::NotNullConstraint>().index.index);
  }
  arrow::FieldVector fields;
  const std::string zone = SessionTimeZone(context);
  for (const auto& column : base_info.columns.Logical()) {
    if (column.HasDefaultValue() || column.Generated()) {
      ThrowThroughDuckDb(base::MakeError(
          ErrorKind::kUnimplemented, "the default or generated value of column \"",
          column.Name(), "\" does not reach the source \"", catalog.GetName(),
          "\"; make the table at the source itself"));
    }
    auto field = OrThrow(ResultField(column.Name(), column.Type(), zone));
    fields.push_back(field->WithNullable(!not_null.contains(column.Logical().index)));
  }
  const auto schema = arrow::schema(std::move(fields));
  auto& own = SourceTransaction::Of(context, catalog);
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
    return own.WithSession(stop, [&](SourceSession& session) {
      return session.CreateTable(made, *schema, /*if_not_exists=*/false);
    });
  }));
  auto table = std::make_shared<const KnownTable>(KnownTable{made, schema});
  own.SetOwn(made, table);
  auto entry = EntryFor(context, std::move(table));
  own.Keep(entry);
  return entry.get();
}

void SourceSchemaEntry::DropEntry(duckdb::ClientContext& context,
                                  duckdb::DropInfo& info) {
  if (info.type != duckdb::CatalogType::TABLE_ENTRY) Refuse(*this, "drop other things");
  auto& source = *source_catalog().source();
  if (!source.capabilities().create) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented, "the source \"",
                                       catalog.GetName(), "\" (", source.type(),
                                       ") cannot drop tables"));
  }
  const auto entry =
      LookupEntry(catalog.GetCatalogTransaction(context),
                  duckdb::EntryLookupInfo(duckdb::CatalogType::TABLE_ENTRY, info.name));
  const bool if_exists = info.if_not_found == duckdb::OnEntryNotFound::RETURN_NULL;
  if (!entry && if_exists) return;
  const SourceTableName dropped = entry ? entry->Cast<SourceTableEntry>().table().name
                                        : SourceTableName{name, info.name};
  auto& own = SourceTransaction::Of(context, catalog);
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
    return own.WithSession(stop, [&](SourceSession& session) {
      return session.DropTable(dropped, if_exists);
    });
  }));
  own.SetOwn(dropped, nullptr);
}

SourceSchemaEntry::Entry SourceSchemaEntry::CreateIndex(Transaction,
                                                        duckdb::CreateIndexInfo&,
                                                        duckdb::TableCatalogEntry&) {
  Refuse(*this, "make an index");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateFunction(Transaction,
                                                           duckdb::CreateFunctionInfo&) {
  Refuse(*this, "make a function");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateView(Transaction,
                                                       duckdb::CreateViewInfo&) {
  Refuse(*this, "make a view");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateSequence(Transaction,
                                                           duckdb::CreateSequenceInfo&) {
  Refuse(*this, "make a sequence");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateTableFunction(
    Transaction, duckdb::CreateTableFunctionInfo&) {
  Refuse(*this, "make a function");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateCopyFunction(
    Transaction, duckdb::CreateCopyFunctionInfo&) {
  Refuse(*this, "make a function");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreatePragmaFunction(
    Transaction, duckdb::CreatePragmaFunctionInfo&) {
  Refuse(*this, "make a function");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateCollation(
    Transaction, duckdb::CreateCollationInfo&) {
  Refuse(*this, "make a collation");
}
SourceSchemaEntry::Entry SourceSchemaEntry::CreateType(Transaction,
                                                       duckdb::CreateTypeInfo&) {
  Refuse(*this, "make a type");
}
void SourceSchemaEntry::Alter(Transaction, duckdb::AlterInfo&) {
  ThrowThroughDuckDb(base::MakeError(
      ErrorKind::kUnimplemented, "ALTER does not reach into the source \"",
      catalog.GetName(), "\"; run the statement at the source itself"));
}

}  // namespace pintail::engine
