#include "engine/push_down_source.h"

#include <utility>

#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp"
#include "duckdb/common/error_data.hpp"
#include "duckdb/common/exception/binder_exception.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using duckdb::ClientContext;
using duckdb::idx_t;
using duckdb::LogicalType;

// The functions of DuckDB's extensions that run a statement of the source.
struct QueryFunction {
  const char* catalog_type;
  SqlDialect dialect;
  const char* scan;
  const char* query;
};

constexpr QueryFunction kPostgres = {"postgres", SqlDialect::kPostgres, "postgres_scan",
                                     "postgres_query"};
constexpr QueryFunction kOthers[] = {
    {"mysql", SqlDialect::kMysql, "mysql_scan", "mysql_query"},
    {"sqlite", SqlDialect::kSqlite, "sqlite_scan", "sqlite_query"},
};

const QueryFunction* FunctionOf(const std::string& catalog_type) {
  if (catalog_type == kPostgres.catalog_type) return &kPostgres;
  for (const auto& function : kOthers) {
    if (catalog_type == function.catalog_type) return &function;
  }
  return nullptr;
}

// An extension's function, bound to a statement.
struct BoundQuery {
  duckdb::TableFunction function;
  duckdb::unique_ptr<duckdb::FunctionData> data;
  duckdb::vector<LogicalType> types;
  duckdb::vector<std::string> names;
};

BoundQuery BindQuery(ClientContext& context, const QueryFunction& which,
                     const std::string& catalog, const std::string& sql) {
  auto& entry = duckdb::Catalog::GetEntry<duckdb::TableFunctionCatalogEntry>(
      context, INVALID_CATALOG, INVALID_SCHEMA, which.query);
  BoundQuery query{.function = entry.functions.GetFunctionByArguments(
                       context, {LogicalType::VARCHAR, LogicalType::VARCHAR})};
  duckdb::vector<duckdb::Value> inputs = {duckdb::Value(catalog), duckdb::Value(sql)};
  duckdb::named_parameter_map_t named;
  if (which.dialect == SqlDialect::kMysql) {
    // Else it takes another connection, which does not see what this transaction changed.
    named["stream_results"] = duckdb::Value::BOOLEAN(false);
  }
  duckdb::vector<LogicalType> input_types;
  duckdb::vector<std::string> input_names;
  const duckdb::TableFunctionRef reference;
  duckdb::TableFunctionBindInput input(inputs, named, input_types, input_names,
                                       query.function.function_info.get(), nullptr,
                                       query.function, reference);
  query.data = query.function.bind(context, input, query.types, query.names);
  return query;
}

duckdb::InsertionOrderPreservingMap<std::string> Described(const std::string& source,
                                                           const std::string& sql) {
  duckdb::InsertionOrderPreservingMap<std::string> text;
  text["Source"] = source;
  text["Statement"] = sql;
  return text;
}

// PostgreSQL: the extension's own function stands in the plan, since the extension looks
// for its scans there to share one connection among them.

struct StatementInfo : duckdb::TableFunctionInfo {
  StatementInfo(std::string the_source, std::string the_sql)
      : source(std::move(the_source)), sql(std::move(the_sql)) {}
  const std::string source;
  const std::string sql;
};

duckdb::InsertionOrderPreservingMap<std::string> StatementText(
    duckdb::TableFunctionToStringInput& input) {
  const auto& info = input.table_function.function_info->Cast<StatementInfo>();
  return Described(info.source, info.sql);
}

[[noreturn]] void Refuse(const std::string& source, const std::exception& exception) {
  throw duckdb::BinderException(
      "the source \"" + source +
      "\" did not take the statement that its part of the "
      "query was put into; SET pintail_push_down = false reads its tables instead: " +
      duckdb::ErrorData(exception).RawMessage());
}

duckdb::unique_ptr<duckdb::LogicalGet> MakePostgresScan(ClientContext& context,
                                                        idx_t table_index,
                                                        const std::string& source,
                                                        const std::string& sql) {
  BoundQuery query;
  try {
    query = BindQuery(context, kPostgres, source, sql);
  } catch (const std::exception& exception) {
    Refuse(source, exception);
  }
  query.function.to_string = StatementText;
  query.function.function_info = duckdb::make_shared_ptr<StatementInfo>(source, sql);
  return duckdb::make_uniq<duckdb::LogicalGet>(table_index, std::move(query.function),
                                               std::move(query.data), query.types,
                                               query.names);
}

// The others: a function of ours stands in the plan and binds theirs when it runs. Bound
// to the plan they would run the statement then (mysql_query), or keep a pointer into the
// transaction that the plan was made in (sqlite_query).

struct Statement : duckdb::TableFunctionData {
  Statement(const QueryFunction& the_function, std::string the_source,
            SourceQuery the_query)
      : function(the_function),
        source(std::move(the_source)),
        query(std::move(the_query)) {}
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    return duckdb::make_uniq<Statement>(function, source, query);
  }
  bool Equals(const FunctionData& other) const override {
    const auto& that = other.Cast<Statement>();
    return source == that.source && query.sql == that.query.sql;
  }

  const QueryFunction& function;
  const std::string source;
  const SourceQuery query;
};

struct RunningStatement : duckdb::GlobalTableFunctionState {
  BoundQuery query;
  duckdb::unique_ptr<duckdb::GlobalTableFunctionState> state;
  duckdb::vector<duckdb::column_t> columns;
};

struct StatementRows : duckdb::LocalTableFunctionState {
  duckdb::unique_ptr<duckdb::LocalTableFunctionState> state;
  duckdb::DataChunk rows;
};

duckdb::TableFunctionInitInput InitInput(const RunningStatement& running) {
  duckdb::vector<duckdb::column_t> all;
  for (idx_t i = 0; i < running.query.types.size(); ++i) all.push_back(i);
  return {running.query.data.get(), std::move(all), {}, nullptr};
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> InitStatement(
    ClientContext& context, duckdb::TableFunctionInitInput& input) {
  const auto& statement = input.bind_data->Cast<Statement>();
  auto running = duckdb::make_uniq<RunningStatement>();
  running->query =
      BindQuery(context, statement.function, statement.source, statement.query.sql);
  if (running->query.types.size() != statement.query.types.size()) {
    throw duckdb::InternalException("a source gave other columns than its statement has");
  }
  running->columns = input.column_ids;
  auto inner = InitInput(*running);
  if (running->query.function.init_global) {
    running->state = running->query.function.init_global(context, inner);
  }
  return running;
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitRows(
    duckdb::ExecutionContext& context, duckdb::TableFunctionInitInput&,
    duckdb::GlobalTableFunctionState* global) {
  auto& running = global->Cast<RunningStatement>();
  auto rows = duckdb::make_uniq<StatementRows>();
  auto inner = InitInput(running);
  if (running.query.function.init_local) {
    rows->state = running.query.function.init_local(context, inner, running.state.get());
  }
  rows->rows.Initialize(context.client, running.query.types);
  return rows;
}

void ReadStatement(ClientContext& context, duckdb::TableFunctionInput& input,
                   duckdb::DataChunk& output) {
  auto& running = input.global_state->Cast<RunningStatement>();
  auto& local = input.local_state->Cast<StatementRows>();
  local.rows.Reset();
  duckdb::TableFunctionInput inner(running.query.data.get(), local.state.get(),
                                   running.state.get());
  running.query.function.function(context, inner, local.rows);
  output.SetCardinality(local.rows.size());
  if (local.rows.size() == 0) return;
  for (idx_t i = 0; i < running.columns.size(); ++i) {
    auto& column = output.data[i];
    if (duckdb::IsVirtualColumn(running.columns[i])) {
      column.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
      duckdb::ConstantVector::SetNull(column, true);
      continue;
    }
    auto& read = local.rows.data[running.columns[i]];
    const bool is_text = column.GetType().id() == duckdb::LogicalTypeId::VARCHAR &&
                         read.GetType().id() == duckdb::LogicalTypeId::BLOB;
    if (read.GetType() == column.GetType()) {
      column.Reference(read);
    } else if (is_text) {
      column.Reinterpret(read);  // a MySQL text of a binary collation
    } else {
      duckdb::VectorOperations::Cast(context, read, column, local.rows.size());
    }
  }
}

duckdb::InsertionOrderPreservingMap<std::string> SourceQueryText(
    duckdb::TableFunctionToStringInput& input) {
  const auto& statement = input.bind_data->Cast<Statement>();
  return Described(statement.source, statement.query.sql);
}

duckdb::unique_ptr<duckdb::LogicalGet> MakeStatementScan(const QueryFunction& which,
                                                         idx_t table_index,
                                                         const std::string& source,
                                                         SourceQuery query) {
  duckdb::TableFunction function("source_query", {}, ReadStatement, nullptr,
                                 InitStatement, InitRows);
  function.to_string = SourceQueryText;
  function.projection_pushdown = true;
  // Before any pipeline reads: the connection is one for all of the statement.
  function.global_initialization =
      duckdb::TableFunctionInitialization::INITIALIZE_ON_SCHEDULE;
  const duckdb::vector<LogicalType> types(query.types.begin(), query.types.end());
  duckdb::vector<std::string> names;
  for (size_t i = 0; i < types.size(); ++i) names.push_back("c" + std::to_string(i));
  return duckdb::make_uniq<duckdb::LogicalGet>(
      table_index, std::move(function),
      duckdb::make_uniq<Statement>(which, source, std::move(query)), types,
      std::move(names));
}

bool IsWholeScan(const duckdb::LogicalGet& scan) {
  return scan.children.empty() && !scan.extra_info.sample_options &&
         !scan.ordinality_idx.IsValid();
}

}  // namespace

std::optional<PushDownSource> SourceOf(const duckdb::LogicalGet& scan) {
  auto table = scan.GetTable();
  if (!table || !IsWholeScan(scan)) return std::nullopt;
  duckdb::Catalog& catalog = table->ParentCatalog();
  if (auto* own = dynamic_cast<QueryableCatalog*>(&catalog)) {
    const SourceCapabilities capabilities = own->capabilities();
    if (capabilities.dialect == SqlDialect::kNone) return std::nullopt;
    return PushDownSource{.catalog = &catalog, .own = own, .capabilities = capabilities};
  }
  const QueryFunction* function = FunctionOf(catalog.GetCatalogType());
  if (!function || scan.function.name != function->scan) return std::nullopt;
  return PushDownSource{.catalog = &catalog,
                        .capabilities = {.dialect = function->dialect}};
}

std::optional<std::string> ConditionOf(const PushDownSource& source,
                                       const duckdb::LogicalGet& scan) {
  // The extensions' scans take limits later than this, and conditions as table filters.
  return source.own ? source.own->ConditionOf(scan) : std::string();
}

std::optional<std::string> SqlColumnOf(const PushDownSource& source,
                                       const duckdb::LogicalGet& scan, idx_t column,
                                       const std::string& name) {
  if (source.own) return source.own->SqlColumnOf(scan, column, name);
  return SqlColumn(source.capabilities.dialect, scan.returned_types[column], name);
}

duckdb::unique_ptr<duckdb::LogicalGet> MakeSourceScan(ClientContext& context,
                                                      idx_t table_index,
                                                      const PushDownSource& source,
                                                      SourceQuery query) {
  if (source.own) {
    return source.own->MakeSourceQuery(context, table_index, std::move(query));
  }
  const QueryFunction& function = *FunctionOf(source.catalog->GetCatalogType());
  const std::string& name = source.catalog->GetName();
  auto scan = function.dialect == SqlDialect::kPostgres
                  ? MakePostgresScan(context, table_index, name, query.sql)
                  : MakeStatementScan(function, table_index, name, std::move(query));
  duckdb::vector<duckdb::ColumnIndex> columns;
  for (idx_t i = 0; i < scan->returned_types.size(); ++i) columns.emplace_back(i);
  scan->SetColumnIds(std::move(columns));
  return scan;
}

}  // namespace pintail::engine
