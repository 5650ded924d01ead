#include "engine/source_remote.h"

#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "duckdb/planner/binder.hpp"
#include "engine/batch_rows.h"
#include "engine/error_translation.h"
#include "engine/interruptible.h"
#include "engine/source_catalog.h"
#include "engine/source_stream.h"
#include "engine/system_functions.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;

struct Bound : duckdb::TableFunctionData {
  // Planned anew each time: what a query gives is known from the source only.
  bool SupportStatementCache() const override { return false; }

  duckdb::optional_ptr<SourceCatalog> catalog;
  std::string sql;
  std::shared_ptr<arrow::Schema> schema;
};

struct Running : duckdb::GlobalTableFunctionState {
  std::unique_ptr<SourceStream> stream;
  std::unique_ptr<BatchRows> rows;
};

duckdb::Catalog& CatalogNamed(duckdb::ClientContext& context, const std::string& name) {
  auto found = duckdb::DatabaseManager::Get(context).GetDatabase(context, name);
  if (!found) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kNotFound,
                                       "there is no source called \"", name, "\""));
  }
  return found->GetCatalog();
}

// What DuckDB's extensions have for it. Null for databases of other types.
const char* QueryFunctionOf(const std::string& catalog_type) {
  if (catalog_type == "postgres") return "postgres_query";
  if (catalog_type == "mysql") return "mysql_query";
  if (catalog_type == "sqlite") return "sqlite_query";
  return nullptr;
}

duckdb::unique_ptr<duckdb::TableRef> Replace(duckdb::ClientContext& context,
                                             duckdb::TableFunctionBindInput& input) {
  auto& catalog = CatalogNamed(context, input.inputs[0].ToString());
  const std::string type = catalog.GetCatalogType();
  if (type == "pintail_source") return nullptr;
  const char* function = QueryFunctionOf(type);
  if (!function) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kInvalidArgument, "\"",
                                       catalog.GetName(),
                                       "\" is no source but a database of this server; "
                                       "query it without pintail.remote"));
  }
  duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> arguments;
  for (const auto& value : input.inputs) {
    arguments.push_back(duckdb::make_uniq<duckdb::ConstantExpression>(value));
  }
  auto call = duckdb::make_uniq<duckdb::TableFunctionRef>();
  call->function =
      duckdb::make_uniq<duckdb::FunctionExpression>(function, std::move(arguments));
  return call;
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext& context,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<std::string>& names) {
  auto& catalog = CatalogNamed(context, input.inputs[0].ToString()).Cast<SourceCatalog>();
  auto bound = duckdb::make_uniq<Bound>();
  bound->catalog = &catalog;
  bound->sql = input.inputs[1].ToString();
  if (catalog.source()->capabilities().dialect == SqlDialect::kNone) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented, "the source \"",
                                       catalog.GetName(), "\" (",
                                       catalog.source()->type(), ") has no SQL"));
  }
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto session, catalog.source()->Lease(stop));
    // Sources tell a query's columns with its rows only.
    const std::stop_callback cancel(std::move(stop), [&] { session->Cancel(); });
    ARROW_ASSIGN_OR_RAISE(const auto reader, session->Query(bound->sql));
    bound->schema = reader->schema();
    return arrow::Status::OK();
  }));
  types = OrThrow(BatchRows::Make(context, *bound->schema))->types();
  for (const auto& field : bound->schema->fields()) names.push_back(field->name());
  if (types.empty()) {
    ThrowThroughDuckDb(base::MakeError(
        ErrorKind::kInvalidArgument, "the statement for the source \"", catalog.GetName(),
        "\" returns no rows; pintail.remote takes queries"));
  }
  input.binder->GetStatementProperties().RegisterDBRead(catalog, context);
  return bound;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Begin(
    duckdb::ClientContext& context, duckdb::TableFunctionInitInput& input) {
  const auto& bound = input.bind_data->Cast<Bound>();
  auto running = duckdb::make_uniq<Running>();
  running->rows = OrThrow(BatchRows::Make(context, *bound.schema));
  const auto source = bound.catalog->source();
  const auto sql = bound.sql;
  running->stream = std::make_unique<SourceStream>(
      [source, sql](std::stop_token stop,
                    const SourceStream::Take& take) -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto session, source->Lease(stop));
        const auto open = [&](SourceSession& asked) { return asked.Query(sql); };
        return ReadRows(*session, open, stop, take);
      },
      SourceOptions().ahead_bytes);
  return running;
}

void Scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
          duckdb::DataChunk& chunk) {
  const auto& bound = input.bind_data->Cast<Bound>();
  auto& running = input.global_state->Cast<Running>();
  while (running.rows->at_end()) {
    auto batch = OrThrow(running.stream->Next(context));
    if (!batch) return;
    if (!batch->schema()->Equals(*bound.schema, /*check_metadata=*/false)) {
      ThrowThroughDuckDb(base::MakeError(
          ErrorKind::kConflict, "the source \"", bound.catalog->GetName(),
          "\" gave other columns than when the statement was planned; run it again"));
    }
    OrThrow(running.rows->Open(context, *batch));
  }
  running.rows->Read(chunk);
}

}  // namespace

void AddRemote(duckdb::DatabaseInstance& database) {
  const auto text = duckdb::LogicalType::VARCHAR;
  duckdb::TableFunction function("remote", {text, text}, Scan, Bind, Begin);
  function.bind_replace = Replace;
  OrThrow(AddSystemFunction(database, std::move(function)));
}

}  // namespace pintail::engine
