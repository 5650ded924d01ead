#include "engine/system_views.h"

#include <algorithm>
#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/function/replacement_scan.hpp"
#include "duckdb/function/table_function.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/parser/parsed_data/create_schema_info.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/parser/parsed_data/create_view_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "engine/arrow_input.h"
#include "engine/error_translation.h"
#include "engine/names.h"

namespace pintail::engine {
namespace {

constexpr const char* kSchema = "pintail";
constexpr const char* kFunction = "pintail_system_view";

struct ViewsInfo : duckdb::TableFunctionInfo {
  explicit ViewsInfo(std::shared_ptr<SystemViews> the_views)
      : views(std::move(the_views)) {}
  const std::shared_ptr<SystemViews> views;
};

struct ViewsScanData : duckdb::ReplacementScanData {
  explicit ViewsScanData(std::shared_ptr<SystemViews> the_views)
      : views(std::move(the_views)) {}
  const std::shared_ptr<SystemViews> views;
};

struct BoundView : duckdb::TableFunctionData {
  std::shared_ptr<const SystemViews::View> view;
};

struct ScanState : duckdb::GlobalTableFunctionState {
  std::unique_ptr<ArrowInput> input;
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t done = 0;
};

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext& context,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<std::string>& names) {
  const auto name = input.inputs[0].ToString();
  auto bound = duckdb::make_uniq<BoundView>();
  bound->view = input.info->Cast<ViewsInfo>().views->Find(name);
  if (!bound->view) {
    throw duckdb::BinderException("there is no system view \"" + name + "\"");
  }
  const auto& schema = *bound->view->schema;
  types = OrThrow(ArrowInput::Make(context, schema))->types();
  for (const auto& field : schema.fields()) names.push_back(field->name());
  return bound;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Begin(
    duckdb::ClientContext& context, duckdb::TableFunctionInitInput& input) {
  const auto& view = *input.bind_data->Cast<BoundView>().view;
  auto state = duckdb::make_uniq<ScanState>();
  state->rows = OrThrow(view.rows());
  if (!state->rows->schema()->Equals(*view.schema, /*check_metadata=*/false)) {
    throw duckdb::InternalException("the rows of a system view do not have its schema");
  }
  state->input = OrThrow(ArrowInput::Make(context, *view.schema));
  return state;
}

void Scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
          duckdb::DataChunk& chunk) {
  auto& state = input.global_state->Cast<ScanState>();
  const int64_t rows =
      std::min<int64_t>(state.rows->num_rows() - state.done, STANDARD_VECTOR_SIZE);
  chunk.SetCardinality(0);
  if (rows == 0) return;
  state.input->Read(context, *state.rows->Slice(state.done, rows), chunk);
  state.done += rows;
}

// Leads `pintail.<name>` on to the system catalog. DuckDB takes `pintail` for a catalog
// when the database file is called so.
duckdb::unique_ptr<duckdb::TableRef> Replace(
    duckdb::ClientContext&, duckdb::ReplacementScanInput& input,
    duckdb::optional_ptr<duckdb::ReplacementScanData> data) {
  using duckdb::StringUtil;
  const bool ours =
      StringUtil::CIEquals(input.schema_name, kSchema) ||
      (input.schema_name.empty() && StringUtil::CIEquals(input.catalog_name, kSchema));
  auto& views = *static_cast<ViewsScanData&>(*data).views;
  if (!ours || !views.Find(input.table_name)) return nullptr;
  auto table = duckdb::make_uniq<duckdb::BaseTableRef>();
  table->catalog_name = SYSTEM_CATALOG;
  table->schema_name = kSchema;
  table->table_name = input.table_name;
  return table;
}

duckdb::unique_ptr<duckdb::SelectStatement> SelectFrom(const std::string& view) {
  duckdb::Parser parser;
  parser.ParseQuery("SELECT * FROM " + std::string(kFunction) + "(" + QuoteText(view) +
                    ")");
  return duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(
      std::move(parser.statements[0]));
}

}  // namespace

void SystemViews::Prepare(duckdb::DBConfig& config, std::shared_ptr<SystemViews> views) {
  config.replacement_scans.emplace_back(
      Replace, duckdb::make_uniq<ViewsScanData>(std::move(views)));
}

void SystemViews::Install(duckdb::DatabaseInstance& database,
                          std::shared_ptr<SystemViews> views) {
  auto& catalog = duckdb::Catalog::GetSystemCatalog(database);
  auto transaction = duckdb::CatalogTransaction::GetSystemTransaction(database);
  duckdb::CreateSchemaInfo schema;
  schema.schema = kSchema;
  schema.internal = true;
  schema.on_conflict = duckdb::OnCreateConflict::IGNORE_ON_CONFLICT;
  catalog.CreateSchema(transaction, schema);

  duckdb::TableFunction function(kFunction, {duckdb::LogicalType::VARCHAR}, Scan, Bind,
                                 Begin);
  function.function_info = duckdb::make_shared_ptr<ViewsInfo>(std::move(views));
  duckdb::CreateTableFunctionInfo info(std::move(function));
  info.internal = true;
  catalog.CreateTableFunction(transaction, info);
}

arrow::Status SystemViews::Add(duckdb::DatabaseInstance& database,
                               const std::string& name, View view) {
  ARROW_ASSIGN_OR_RAISE(view.schema, StorableSchema(*view.schema));
  {
    std::lock_guard lock(mutex_);
    auto added = views_.emplace(duckdb::StringUtil::Lower(name),
                                std::make_shared<const View>(std::move(view)));
    if (!added.second) {
      return base::MakeError(base::ErrorKind::kAlreadyExists,
                             "there is a system view called \"", name, "\" already");
    }
  }
  return Guarded([&]() -> arrow::Status {
    auto info = duckdb::make_uniq<duckdb::CreateViewInfo>();
    info->schema = kSchema;
    info->view_name = name;
    info->internal = true;
    info->query = SelectFrom(name);
    info->sql = "CREATE VIEW " + std::string(kSchema) + "." + QuoteName(name) + " AS " +
                info->query->ToString();
    auto& catalog = duckdb::Catalog::GetSystemCatalog(database);
    catalog.CreateView(duckdb::CatalogTransaction::GetSystemTransaction(database), *info);
    return arrow::Status::OK();
  });
}

std::shared_ptr<const SystemViews::View> SystemViews::Find(
    const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = views_.find(duckdb::StringUtil::Lower(name));
  return found == views_.end() ? nullptr : found->second;
}

}  // namespace pintail::engine
