#include "engine/system_functions.h"

#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/planner/binder.hpp"
#include "engine/batch_builder.h"
#include "engine/batch_rows.h"
#include "engine/error_translation.h"
#include "engine/interruptible.h"
#include "engine/result_types.h"
#include "engine/visit_functions.h"

namespace pintail::engine {
namespace {

constexpr const char* kSchema = "pintail";

struct FunctionInfo : duckdb::TableFunctionInfo {
  SystemFunction function;
};

struct Bound : duckdb::TableFunctionData {
  std::shared_ptr<const SystemFunction> function;
  SystemFunctionCall call;
};

struct Running : duckdb::GlobalTableFunctionState {
  std::shared_ptr<arrow::RecordBatchReader> reader;
  std::unique_ptr<BatchRows> rows;
};

arrow::Result<duckdb::vector<duckdb::LogicalType>> TypesOf(
    duckdb::ClientContext& context, const arrow::FieldVector& fields) {
  ARROW_ASSIGN_OR_RAISE(auto rows, BatchRows::Make(context, arrow::Schema(fields)));
  return rows->types();
}

arrow::Result<std::shared_ptr<arrow::Scalar>> ToScalar(const duckdb::Value& value) {
  ARROW_ASSIGN_OR_RAISE(auto schema, ResultSchema({"value"}, {value.type()}, "UTC"));
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), {value.type()}, 1);
  chunk.SetValue(0, 0, value);
  chunk.SetCardinality(1);
  BatchBuilder builder(schema, {value.type()}, /*batch_bytes=*/1,
                       arrow::default_memory_pool());
  builder.Append(chunk, 0);
  return builder.Finish()->column(0)->GetScalar(0);
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext& context,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<std::string>& names) {
  auto& info = input.info->Cast<FunctionInfo>();
  auto bound = duckdb::make_uniq<Bound>();
  // The catalog entry lives as long as the database.
  bound->function =
      std::shared_ptr<const SystemFunction>(std::shared_ptr<void>(), &info.function);
  for (const auto& value : input.inputs) {
    bound->call.arguments.push_back(OrThrow(ToScalar(value)));
  }
  for (const auto& option : info.function.options) {
    auto given = input.named_parameters.find(option->name());
    bound->call.options.push_back(given == input.named_parameters.end()
                                      ? nullptr
                                      : OrThrow(ToScalar(given->second)));
  }
  types = OrThrow(TypesOf(context, info.function.schema->fields()));
  for (const auto& field : info.function.schema->fields()) names.push_back(field->name());
  if (info.function.changes) {
    auto& system = duckdb::Catalog::GetSystemCatalog(context);
    input.binder->GetStatementProperties().RegisterDBModify(
        system, context, duckdb::DatabaseModificationType());
  }
  return bound;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Begin(
    duckdb::ClientContext& context, duckdb::TableFunctionInitInput& input) {
  const auto& bound = input.bind_data->Cast<Bound>();
  auto running = duckdb::make_uniq<Running>();
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) -> arrow::Status {
    SystemFunctionCall call = bound.call;
    call.stop = std::move(stop);
    ARROW_ASSIGN_OR_RAISE(running->reader, bound.function->call(call));
    return arrow::Status::OK();
  }));
  if (!running->reader->schema()->Equals(*bound.function->schema,
                                         /*check_metadata=*/false)) {
    throw duckdb::InternalException(
        "the rows of a system function have other columns "
        "than it was declared with");
  }
  running->rows = OrThrow(BatchRows::Make(context, *bound.function->schema));
  return running;
}

void Scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
          duckdb::DataChunk& chunk) {
  auto& running = input.global_state->Cast<Running>();
  while (running.rows->at_end()) {
    std::shared_ptr<arrow::RecordBatch> batch;
    OrThrow(RunInterruptibly(
        context, [&](std::stop_token) { return running.reader->ReadNext(&batch); }));
    if (!batch) return;
    OrThrow(running.rows->Open(context, *batch));
  }
  running.rows->Read(chunk);
}

duckdb::optional_ptr<duckdb::CatalogEntry> Find(duckdb::DatabaseInstance& database,
                                                const std::string& name) {
  auto& catalog = duckdb::Catalog::GetSystemCatalog(database);
  const auto transaction = duckdb::CatalogTransaction::GetSystemTransaction(database);
  auto schema = catalog.LookupSchema(
      transaction, duckdb::EntryLookupInfo(duckdb::CatalogType::SCHEMA_ENTRY, kSchema),
      duckdb::OnEntryNotFound::RETURN_NULL);
  if (!schema) return nullptr;
  return schema->LookupEntry(
      transaction,
      duckdb::EntryLookupInfo(duckdb::CatalogType::TABLE_FUNCTION_ENTRY, name));
}

}  // namespace

arrow::Status AddSystemFunction(duckdb::DatabaseInstance& database,
                                duckdb::TableFunction function) {
  return Guarded([&]() -> arrow::Status {
    if (Find(database, function.name)) {
      return base::MakeError(base::ErrorKind::kAlreadyExists,
                             "there is a system function called \"", function.name,
                             "\" already");
    }
    duckdb::CreateTableFunctionInfo info(std::move(function));
    info.schema = kSchema;
    info.internal = true;
    duckdb::Catalog::GetSystemCatalog(database).CreateTableFunction(
        duckdb::CatalogTransaction::GetSystemTransaction(database), info);
    return arrow::Status::OK();
  });
}

arrow::Status AddSystemFunction(duckdb::DatabaseInstance& database,
                                const std::string& name, SystemFunction function) {
  return Guarded([&]() -> arrow::Status {
    duckdb::TableFunction made(name, {}, Scan, Bind, Begin);
    arrow::Status status;
    duckdb::Connection connection(database);
    connection.context->RunFunctionInTransaction([&] {
      auto& context = *connection.context;
      made.arguments = OrThrow(TypesOf(context, function.arguments));
      const auto types = OrThrow(TypesOf(context, function.options));
      for (size_t i = 0; i < types.size(); ++i) {
        made.named_parameters[function.options[i]->name()] = types[i];
      }
      OrThrow(TypesOf(context, function.schema->fields()));
    });
    auto info = duckdb::make_shared_ptr<FunctionInfo>();
    info->function = std::move(function);
    made.function_info = std::move(info);
    return AddSystemFunction(database, std::move(made));
  });
}

void QualifySystemFunctions(duckdb::DatabaseInstance& database,
                            duckdb::SQLStatement& statement) {
  VisitFunctions(statement, [&](duckdb::FunctionExpression& function) {
    if (!function.catalog.empty()) return;
    if (!duckdb::StringUtil::CIEquals(function.schema, kSchema)) return;
    if (Find(database, function.function_name)) function.catalog = SYSTEM_CATALOG;
  });
}

}  // namespace pintail::engine
