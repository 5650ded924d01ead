#include "engine/duck_connection.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/query_result.hpp"
#include "duckdb/main/valid_checker.hpp"
#include "duckdb/parser/parser.hpp"
#include "engine/create_table.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/insert.h"
#include "engine/integer_time.h"
#include "engine/plan_use.h"
#include "engine/session_settings.h"
#include "engine/source_context.h"
#include "engine/source_statement.h"
#include "engine/statement_tails.h"
#include "engine/system_functions.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
DuckConnection::DuckConnection(duckdb::DatabaseInstance& database,
                               std::shared_ptr<TailStore> tails,
                               std::weak_ptr<SourceGuard> sources)
    : database_(database),
      tails_(std::move(tails)),
      sources_(std::move(sources)),
      connection_(database) {}

// A transaction that cannot be rolled back, as the other side of it is gone, is an
// exception, which must not come out of the destructor of what DuckDB has.
DuckConnection::~DuckConnection() {
  (void)Guarded([&] {
    auto& transaction = context().transaction;
    if (!transaction.HasActiveTransaction()) return arrow::Status::OK();
    // Else a result that is still read may be in it, and ends it.
    const bool is_users = !transaction.IsAutoCommit() &&
                          transaction.GetActiveQuery() == duckdb::MAXIMUM_QUERY_ID;
    if (is_users || duckdb::ValidChecker::IsInvalidated(database_)) {
      transaction.Rollback(nullptr);
    }
    return arrow::Status::OK();
  });
}

arrow::Result<std::unique_ptr<DuckConnection>> DuckConnection::Make(
    duckdb::DatabaseInstance& database, std::shared_ptr<TailStore> tails,
    std::weak_ptr<SourceGuard> sources) {
  return Guarded([&]() -> arrow::Result<std::unique_ptr<DuckConnection>> {
    std::unique_ptr<DuckConnection> connection(
        new DuckConnection(database, std::move(tails), std::move(sources)));
    AddIntegerTime(connection->context());
    TailSnapshot::Register(connection->context(), connection->tails_);
    SourceContext::Register(connection->context(), connection->sources_);
    PlanUse::Register(connection->context(), connection->tails_->listener());
    return connection;
  });
}

arrow::Result<std::vector<std::unique_ptr<ParsedStatement>>> DuckConnection::Parse(
    std::string_view sql) {
  using Statements = std::vector<std::unique_ptr<ParsedStatement>>;
  // DuckDB's parser reads up to the first one and would run half of the text.
  if (const size_t nul = sql.find('\0'); nul != sql.npos) {
    return base::MakeError(base::ErrorKind::kInvalidSql,
                           "the SQL text holds a NUL character at byte ", nul,
                           "; remove it, or pass the value as a parameter");
  }
  return Guarded([&]() -> arrow::Result<Statements> {
    Statements statements;
    duckdb::Parser parser(context().GetParserOptions());
    const std::string text(sql);
    try {
      parser.ParseQuery(text);
    } catch (const std::exception& exception) {
      const auto cut = CutIntoStatements(sql);
      if (std::ranges::any_of(cut, IsSourceStatement)) return ParseOneByOne(sql);
      duckdb::ErrorData error(exception);
      error.AddErrorLocation(text);
      return FromDuckDb(error);
    }
    for (auto& statement : parser.statements) {
      QualifySystemFunctions(database_, *statement);
      statements.push_back(
          std::make_unique<DuckParsedStatement>(std::move(statement), sql));
    }
    return statements;
  });
}

arrow::Result<std::vector<std::unique_ptr<ParsedStatement>>>
DuckConnection::ParseOneByOne(std::string_view sql) {
  std::vector<std::unique_ptr<ParsedStatement>> statements;
  for (const std::string_view each : CutIntoStatements(sql)) {
    if (IsSourceStatement(each)) {
      ARROW_ASSIGN_OR_RAISE(auto change, ParseSourceStatement(each));
      statements.push_back(
          std::make_unique<SourceStatement>(std::move(change), std::string(each)));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto others, Parse(each));
    std::ranges::move(others, std::back_inserter(statements));
  }
  return statements;
}

arrow::Result<std::unique_ptr<PreparedStatement>> DuckConnection::Prepare(
    std::unique_ptr<ParsedStatement> statement) {
  const auto sources = SourceContext::Of(context());
  if (auto* change = dynamic_cast<SourceStatement*>(statement.get())) {
    return PrepareSourceChange(change->Take(), sources->guard(), tails_->listener());
  }
  sources->Refresh(context());
  if (!sources->guard()) {
    return DuckPreparedStatement::Make(connection_.context, std::move(statement));
  }
  const std::string text = statement->text();
  auto prepared = DuckPreparedStatement::Make(connection_.context, std::move(statement));
  if (prepared.ok()) return prepared;
  bool again = false;
  const arrow::Status told = sources->Explain(prepared.status(), text, context(), &again);
  if (!again) return told;
  ARROW_ASSIGN_OR_RAISE(auto statements, Parse(text));
  if (statements.size() != 1) return told;
  return DuckPreparedStatement::Make(connection_.context, std::move(statements.front()));
}

arrow::Result<std::unique_ptr<ResultStream>> DuckConnection::Run(
    std::string_view sql, const ParameterRow& parameters, const ExecuteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto statements, Parse(sql));
  if (statements.empty()) {
    return base::MakeError(base::ErrorKind::kInvalidSql, "there is no statement to run");
  }
  for (size_t i = 0; i + 1 < statements.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto prepared, Prepare(std::move(statements[i])));
    // Runs to the end, whatever it gives.
    ExecuteOptions to_end{.materialize = true, .stop = options.stop};
    ARROW_RETURN_NOT_OK(prepared->Execute({}, to_end));
  }
  ARROW_ASSIGN_OR_RAISE(auto last, Prepare(std::move(statements.back())));
  return last->Execute(parameters, options);
}

void DuckConnection::Interrupt() { connection_.context->Interrupt(); }

arrow::Status DuckConnection::Begin(bool for_changes) {
  if (for_changes && !InTransaction()) ARROW_RETURN_NOT_OK(tails_->FlushIfFew());
  ARROW_RETURN_NOT_OK(RunText(context(), "BEGIN TRANSACTION"));
  TailSnapshot::Of(context())->Pin();
  return arrow::Status::OK();
}

arrow::Status DuckConnection::Commit() {
  const auto snapshot = TailSnapshot::Of(context());
  std::optional<ChangeUnderWay> change;
  if (snapshot->is_ours()) change.emplace(tails_->data_version());
  const auto handover = snapshot->LockForEnd();
  return CommitTransaction(context());
}

arrow::Status DuckConnection::Rollback() {
  return RunText(context(), "ROLLBACK").status();
}

bool DuckConnection::InTransaction() const {
  return !connection_.context->transaction.IsAutoCommit();
}

arrow::Result<SessionSettings> DuckConnection::Settings() {
  return Guarded(
      [&]() -> arrow::Result<SessionSettings> { return SettingsOf(context()); });
}

arrow::Result<std::unique_ptr<Connection>> DuckConnection::Fork() {
  ARROW_ASSIGN_OR_RAISE(auto fork, Make(database_, tails_, sources_));
  return Guarded([&]() -> arrow::Result<std::unique_ptr<Connection>> {
    auto& from = duckdb::ClientData::Get(context());
    auto& to = duckdb::ClientData::Get(fork->context());
    to.temporary_objects = from.temporary_objects;
    to.catalog_search_path = duckdb::make_uniq<duckdb::CatalogSearchPath>(
        fork->context(), from.catalog_search_path->GetSetPaths());
    auto& config = duckdb::ClientConfig::GetConfig(fork->context());
    config = duckdb::ClientConfig::GetConfig(context());
    config.get_result_collector = nullptr;
    return std::move(fork);
  });
}

arrow::Result<int64_t> DuckConnection::Insert(
    const TableName& table, std::shared_ptr<arrow::RecordBatchReader> batches) {
  SourceContext::Of(context())->Refresh(context());
  const TailSnapshot::Change change(context());
  ARROW_RETURN_NOT_OK(TailSnapshot::Of(context())->BeginWrites({}));
  const PlanUse::Executing executing(context());
  return InsertBatches(context(), table, *batches);
}

arrow::Status DuckConnection::CreateTable(const TableName& table,
                                          const arrow::Schema& schema, bool temporary,
                                          bool or_replace, bool if_not_exists) {
  SourceContext::Of(context())->Refresh(context());
  StatementTails tails(context());
  if (or_replace) tails.ExpectDefinition(table.table);
  const auto create = [&]() -> StatementTails::Rows {
    ARROW_RETURN_NOT_OK(CreateArrowTable(context(), table, schema,
                                         {.temporary = temporary,
                                          .or_replace = or_replace,
                                          .if_not_exists = if_not_exists}));
    return nullptr;
  };
  return tails
      .Run(context(), /*changes=*/true,
           {.plan_again = [] { return arrow::Status::OK(); }, .execute = create})
      .status();
}

arrow::Result<std::shared_ptr<arrow::Schema>> DuckConnection::TableSchema(
    const TableName& table) {
  SourceContext::Of(context())->Refresh(context());
  return ArrowSchemaOfTable(context(), table);
}

}  // namespace pintail::engine
