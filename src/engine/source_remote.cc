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
#include "engine/query_text.h"
#include "engine/source_catalog.h"
#include "engine/source_describe.h"
#include "engine/source_query.h"
#include "engine/source_transaction.h"
#include "engine/system_functions.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;

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

// So many rows tell SQLite's types, which are those of its values; elsewhere none is
// read.
std::string Sample(SqlDialect dialect, const std::string& query) {
  return AsSubquery(query) +
         (dialect == SqlDialect::kSqlite ? " LIMIT 1024" : " LIMIT 0");
}

// Runs nothing but a sample, and that of what can only be read.
arrow::Result<std::shared_ptr<arrow::Schema>> ColumnsOf(SourceSession& session,
                                                        const SourceCatalog& catalog,
                                                        const std::string& sql) {
  if (auto* describes = dynamic_cast<DescribesQueries*>(&session)) {
    auto described = describes->Describe(sql);
    const bool told =
        described.ok() || base::KindOf(described.status()) != ErrorKind::kUnimplemented;
    if (told) return described;
  }
  const std::string query = QueryIn(sql);
  if (query.empty()) {
    return base::MakeError(
        ErrorKind::kUnimplemented, "the driver of the source \"", catalog.GetName(),
        "\" does not tell the columns of a statement before it has run, so that "
        "pintail.remote takes single statements there that begin with SELECT, WITH or "
        "VALUES");
  }
  ARROW_ASSIGN_OR_RAISE(
      const auto reader,
      session.Query(Sample(catalog.source()->capabilities().dialect, query)));
  return reader->schema();
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext& context,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<std::string>& names) {
  auto& catalog = CatalogNamed(context, input.inputs[0].ToString()).Cast<SourceCatalog>();
  if (catalog.source()->capabilities().dialect == SqlDialect::kNone) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented, "the source \"",
                                       catalog.GetName(), "\" (",
                                       catalog.source()->type(), ") has no SQL"));
  }
  SourceQuery query;
  query.sql = input.inputs[1].ToString();
  // What an open transaction has made is seen in its session only.
  auto* transaction = context.transaction.IsAutoCommit()
                          ? nullptr
                          : &SourceTransaction::Of(context, catalog);
  std::shared_ptr<arrow::Schema> schema;
  OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
    return InSession(*catalog.source(), transaction, stop,
                     [&](SourceSession& session) -> arrow::Status {
                       const std::stop_callback cancel(stop, [&] { session.Cancel(); });
                       ARROW_ASSIGN_OR_RAISE(schema,
                                             ColumnsOf(session, catalog, query.sql));
                       return arrow::Status::OK();
                     });
  }));
  types = OrThrow(BatchRows::Make(context, *schema))->types();
  for (const auto& field : schema->fields()) names.push_back(field->name());
  if (types.empty()) {
    ThrowThroughDuckDb(base::MakeError(
        ErrorKind::kInvalidArgument, "the statement for the source \"", catalog.GetName(),
        "\" returns no rows; pintail.remote takes queries"));
  }
  input.binder->GetStatementProperties().RegisterDBRead(catalog, context);
  query.types = {types.begin(), types.end()};
  auto bound = duckdb::make_uniq<SourceQueryData>(catalog, std::move(query));
  bound->verbatim = true;
  return bound;
}

}  // namespace

void AddRemote(duckdb::DatabaseInstance& database) {
  const auto text = duckdb::LogicalType::VARCHAR;
  duckdb::TableFunction function = SourceQueryFunction("remote", {text, text}, Bind);
  function.bind_replace = Replace;
  OrThrow(AddSystemFunction(database, std::move(function)));
}

}  // namespace pintail::engine
