#include "engine/create_table.h"

#include <set>
#include <string>
#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/main/prepared_statement.hpp"
#include "duckdb/main/query_result.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/statement/create_statement.hpp"
#include "engine/arrow_collector.h"
#include "engine/arrow_input.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/result_types.h"
#include "engine/table_entry.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

duckdb::OnCreateConflict OnConflict(const CreateTableOptions& options) {
  if (options.or_replace) return duckdb::OnCreateConflict::REPLACE_ON_CONFLICT;
  if (options.if_not_exists) return duckdb::OnCreateConflict::IGNORE_ON_CONFLICT;
  return duckdb::OnCreateConflict::ERROR_ON_CONFLICT;
}

arrow::Result<duckdb::vector<LogicalType>> ColumnTypes(duckdb::ClientContext& context,
                                                       const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(auto storable, StorableSchema(schema));
  duckdb::vector<LogicalType> types;
  // A column at a time, so that the message can name it.
  for (const auto& field : storable->fields()) {
    auto input = ArrowInput::Make(context, arrow::Schema({field}));
    if (!input.ok()) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, "column \"",
                             field->name(), "\": the database has no type for ",
                             field->type()->ToString());
    }
    LogicalType type = (*input)->types()[0];
    // A column of nothing but NULLs has to have some type.
    if (type.id() == LogicalTypeId::SQLNULL) type = LogicalType::INTEGER;
    types.push_back(std::move(type));
  }
  return types;
}

// As a statement, without text in between: names and types are taken as they are.
duckdb::unique_ptr<duckdb::CreateStatement> CreateStatementFor(
    const TableName& table, const arrow::Schema& schema,
    const duckdb::vector<LogicalType>& types, const CreateTableOptions& options) {
  auto info = duckdb::make_uniq<duckdb::CreateTableInfo>(table.catalog, table.schema,
                                                         table.table);
  info->temporary = options.temporary;
  info->on_conflict = OnConflict(options);
  for (size_t i = 0; i < types.size(); ++i) {
    const auto& field = *schema.field(static_cast<int>(i));
    info->columns.AddColumn(duckdb::ColumnDefinition(field.name(), types[i]));
    if (!field.nullable()) {
      info->constraints.push_back(
          duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
    }
  }
  auto statement = duckdb::make_uniq<duckdb::CreateStatement>();
  statement->query = "CREATE TABLE " + QuoteName(table);
  statement->info = std::move(info);
  return statement;
}

// Names of the columns that are declared NOT NULL, in lower case.
struct Found {
  bool exists = false;  // as a table or a view
  std::set<std::string> not_null;
};

Found FindTable(duckdb::ClientContext& context, const TableName& name) {
  Found found;
  context.RunFunctionInTransaction([&] {
    auto entry = FindTableEntry(context, name);
    found.exists = entry != nullptr;
    if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return;
    auto& table = entry->Cast<duckdb::TableCatalogEntry>();
    for (const auto& constraint : table.GetConstraints()) {
      if (constraint->type != duckdb::ConstraintType::NOT_NULL) continue;
      auto index = constraint->Cast<duckdb::NotNullConstraint>().index;
      found.not_null.insert(table.GetColumn(index).Name());
    }
  });
  return found;
}

}  // namespace

arrow::Status CreateArrowTable(duckdb::ClientContext& context, const TableName& table,
                               const arrow::Schema& schema,
                               const CreateTableOptions& options) {
  if (schema.num_fields() == 0) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "the table \"", table.table,
                           "\" would have no columns; give the schema at least one");
  }
  return Guarded([&]() -> arrow::Status {
    arrow::Result<duckdb::vector<LogicalType>> types;
    context.RunFunctionInTransaction([&] { types = ColumnTypes(context, schema); });
    ARROW_RETURN_NOT_OK(types);
    return RunNow(context, CreateStatementFor(table, schema, *types, options)).status();
  });
}

arrow::Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOfTable(
    duckdb::ClientContext& context, const TableName& table) {
  return Guarded([&]() -> arrow::Result<std::shared_ptr<arrow::Schema>> {
    const Found found = FindTable(context, table);
    if (!found.exists) {
      return base::MakeError(base::ErrorKind::kNotFound, "there is no table ",
                             QuoteName(table));
    }
    auto planned = context.Prepare("SELECT * FROM " + QuoteName(table));
    if (planned->HasError()) return FromDuckDb(planned->GetErrorObject());
    const std::string zone = SessionTimeZone(context);
    arrow::FieldVector fields;
    for (size_t i = 0; i < planned->GetNames().size(); ++i) {
      const auto& name = planned->GetNames()[i];
      ARROW_ASSIGN_OR_RAISE(auto field, ResultField(name, planned->GetTypes()[i], zone));
      fields.push_back(found.not_null.contains(name) ? field->WithNullable(false)
                                                     : field);
    }
    return arrow::schema(std::move(fields));
  });
}

}  // namespace pintail::engine
