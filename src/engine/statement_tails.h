// What a statement needs of the tails: a change or a new definition of a table finds all
// rows in it. Private to the engine; one thread at a time, like the statement.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "duckdb/parser/sql_statement.hpp"
#include "engine/connection.h"
#include "engine/duck_statement.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {

class StatementTails {
 public:
  explicit StatementTails(duckdb::ClientContext& context)
      : snapshot_(TailSnapshot::Of(context)) {}

  // Before the statement is planned.
  void BeforePlan(const duckdb::SQLStatement& statement);
  // After it was.
  void AfterPlan();
  // A statement that will be these, run one after the other without being planned here.
  void ExpectSequence(const std::vector<StatementPtr>& statements);
  // Not a statement: gives this table another definition.
  void ExpectDefinition(const std::string& table) { defined_ = table; }

  using Rows = arrow::Result<std::unique_ptr<ResultStream>>;
  struct Actions {
    std::function<arrow::Status()> plan_again;
    std::function<Rows()> execute;
  };
  // Executes the statement when all rows are in the tables where they have to be, with a
  // plan that leaves none out. `changes`: it may change something.
  Rows Run(duckdb::ClientContext& context, bool changes, const Actions& actions);

 private:
  // Conflict when rows have to be put into these tables and the transaction may not.
  arrow::Status CheckCanAbsorb(duckdb::ClientContext& context,
                               const std::set<TailKey>& keys) const;
  arrow::Status MakeWhole(duckdb::ClientContext& context, std::set<TailKey> keys);

  const duckdb::shared_ptr<TailSnapshot> snapshot_;
  TailNeeds needs_;
  DataStamp stamp_;  // before it was planned
  // The table that gets another definition, by its name; empty: any of them.
  std::optional<std::string> defined_;
};

}  // namespace pintail::engine
