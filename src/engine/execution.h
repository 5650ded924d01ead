// Runs a planned statement in DuckDB and gives its rows as a ResultStream. Private to the
// engine; one thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/pending_query_result.hpp"
#include "duckdb/parser/sql_statement.hpp"
#include "engine/connection.h"

namespace pintail::engine {

using ParameterValues = duckdb::case_insensitive_map_t<duckdb::BoundParameterData>;

// Interrupts what the connection runs when the token is stopped, for as long as it lives.
class StopGuard {
 public:
  StopGuard(std::stop_token token, duckdb::shared_ptr<duckdb::ClientContext> context);
  // Once the statement has begun, which forgets interrupts that came before.
  void Check() const;

 private:
  struct Interrupter {
    duckdb::shared_ptr<duckdb::ClientContext> context;
    void operator()() const { context->Interrupt(); }
  };
  const std::stop_token token_;
  const Interrupter interrupter_;
  const std::stop_callback<Interrupter> callback_;
};

struct Execution {
  duckdb::shared_ptr<duckdb::ClientContext> context;
  duckdb::shared_ptr<duckdb::PreparedStatementData> statement;
  std::string text;  // for DuckDB's own log and messages
  ParameterValues* parameters = nullptr;
  int64_t batch_bytes = 0;
  std::stop_token stop;
};

// Begins the statement; rows are made as they are read.
arrow::Result<std::unique_ptr<ResultStream>> RunLive(const Execution& execution);

// Runs the statement to its end and keeps the result.
arrow::Result<std::unique_ptr<ResultStream>> RunKept(const Execution& execution);

// Works on the statement until all of it is done. DuckDB's own loop keeps a processor
// busy while the last of the work is done by another thread.
arrow::Status WorkToEnd(duckdb::PendingQueryResult& pending);

// Gives back what a run that has ended left in its plan: hash tables and sorted runs,
// which would stay for as long as the plan is kept for the next run.
void ForgetRun(duckdb::PreparedStatementData& statement);

// Plans and runs a statement whose result is small.
arrow::Result<duckdb::unique_ptr<duckdb::QueryResult>> RunNow(
    duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::SQLStatement> statement);

// Parses, plans and runs a text whose result is small.
arrow::Result<duckdb::unique_ptr<duckdb::QueryResult>> RunText(
    duckdb::ClientContext& context, const std::string& sql);

// Ends the context's transaction. OK as well when it was interrupted after it had been
// committed, which DuckDB calls a failure.
arrow::Status CommitTransaction(duckdb::ClientContext& context);

// How a thread passes the time while others work for it: it yields at first, so that
// short statements lose nothing, and then waits longer and longer, up to a fifth of a
// millisecond: new work comes without a word, and half of the processors would miss it.
class Patience {
 public:
  // Zero: yielded, look again at once.
  std::chrono::microseconds NextWait();
  void Reset() { turns_ = 0; }

 private:
  int turns_ = 0;
};

}  // namespace pintail::engine
