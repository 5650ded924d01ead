// Parsed and prepared statements of DuckDB behind our interfaces. Private to the engine;
// one thread at a time, like the connection they belong to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/prepared_statement.hpp"
#include "duckdb/parser/sql_statement.hpp"
#include "engine/connection.h"
#include "engine/execution.h"
#include "engine/parameters.h"

namespace pintail::engine {

class StatementTails;

using ContextPtr = duckdb::shared_ptr<duckdb::ClientContext>;
using StatementPtr = duckdb::unique_ptr<duckdb::SQLStatement>;

class DuckParsedStatement final : public ParsedStatement {
 public:
  // `sql` is the whole text that the statement was cut from.
  DuckParsedStatement(StatementPtr statement, std::string_view sql);
  const std::string& text() const override { return text_; }
  StatementPtr Take() { return std::move(statement_); }

 private:
  StatementPtr statement_;
  std::string text_;
};

class DuckPreparedStatement final : public PreparedStatement {
 public:
  static arrow::Result<std::unique_ptr<DuckPreparedStatement>> Make(
      ContextPtr context, std::unique_ptr<ParsedStatement> parsed);
  ~DuckPreparedStatement() override;

  const StatementTraits& traits() const override { return traits_; }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  const std::vector<StatementParameter>& parameters() const override {
    return parameters_;
  }
  arrow::Result<std::unique_ptr<ResultStream>> Execute(
      const ParameterRow& parameters, const ExecuteOptions& options) override;

 private:
  DuckPreparedStatement(ContextPtr context, std::string text);

  // DuckDB turns some statements into several. Leaves the last one in `statement`; those
  // before it are run at once when it is a query that needs what they make, and are kept
  // to be run with it when it is not.
  arrow::Status Expand(StatementPtr& statement);
  arrow::Status Plan(StatementPtr statement);
  // Plans the statement, with copies named in place of what they are copies of.
  arrow::Status PlanOnCopies(StatementPtr statement);
  arrow::Status DescribeParameters();
  // What is known of a statement that cannot be planned before those kept for it have
  // run.
  void DescribeUnplanned(const duckdb::SQLStatement& statement);
  // Runs the sequence, in a transaction of its own when none is open.
  arrow::Result<std::unique_ptr<ResultStream>> RunUnplanned();
  arrow::Result<std::unique_ptr<ResultStream>> RunSequence();
  arrow::Result<std::unique_ptr<ResultStream>> ExecuteOnce(const ParameterRow& parameters,
                                                           const ExecuteOptions& options);
  arrow::Result<std::unique_ptr<ResultStream>> Begin(ParameterValues& values,
                                                     const ExecuteOptions& options);
  // Plans that are made anew each time read a source.
  bool ReadsSource() const;
  // Plans once more what has been planned before.
  arrow::Status PlanAgain();
  // What the last plan reads and changes.
  void LearnUse(const duckdb::SQLStatement& parsed);

  const ContextPtr context_;
  const std::string text_;
  const std::unique_ptr<StatementTails> tails_;
  duckdb::unique_ptr<duckdb::PreparedStatement> planned_;  // null: see sequence_
  StatementPtr written_;  // as its client wrote it, where what is planned is not that
  std::vector<StatementPtr> sequence_;  // run in order by Execute, instead of planned_
  StatementTraits traits_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<StatementParameter> parameters_;
  std::vector<ExpectedParameter> expected_;
};

// The traits of a statement as the binder saw it.
StatementTraits TraitsOf(duckdb::StatementType type, const duckdb::SQLStatement& parsed,
                         const duckdb::StatementProperties& properties);

}  // namespace pintail::engine
