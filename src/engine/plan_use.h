// Reads off each bound plan what it reads and changes, and tells of what was changed when
// it has been committed. Private to the engine; belongs to a connection, used by its
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/main/prepared_statement_data.hpp"
#include "engine/change_listener.h"
#include "engine/statement_use.h"

namespace pintail::engine {

class PlanUse final : public duckdb::ClientContextState {
 public:
  explicit PlanUse(std::shared_ptr<ChangeListener> listener)
      : listener_(std::move(listener)) {}

  // Before the database is opened: looks at every plan.
  static void Prepare(duckdb::DBConfig& config);
  static void Register(duckdb::ClientContext& context,
                       std::shared_ptr<ChangeListener> listener);
  // Null for a connection of the engine's own.
  static duckdb::shared_ptr<PlanUse> Of(duckdb::ClientContext& context);

  // What was planned on this connection since it was last asked for; nothing when nothing
  // was. What is planned while something is being changed counts as changed.
  std::optional<StatementUse> TakePlanned();
  void SetPlanned(StatementUse use);
  // What was planned last reads rows that change by no transaction of a client's: of a
  // copy of a table, or of a source below a tiered table. So what it answers cannot be
  // kept.
  void NoteReadElsewhere() {
    if (planned_) planned_->reads_unknown = true;
  }

  // The open transaction, or the one that is about to begin, changes this.
  void Change(const DataChange& change) { changing_.Add(change); }
  // While it lives, a statement that changes something is being executed.
  class Executing;

  void TransactionCommit(duckdb::MetaTransaction& transaction,
                         duckdb::ClientContext& context) override;
  void TransactionRollback(duckdb::MetaTransaction& transaction,
                           duckdb::ClientContext& context,
                           duckdb::optional_ptr<duckdb::ErrorData> error) override;

 private:
  void Tell();

  const std::shared_ptr<ChangeListener> listener_;
  std::optional<StatementUse> planned_;
  DataChange changing_;
  bool executing_ = false;
};

class PlanUse::Executing {
 public:
  explicit Executing(duckdb::ClientContext& context) : use_(Of(context)) {
    use_->executing_ = true;
  }
  ~Executing() { use_->executing_ = false; }
  Executing(const Executing&) = delete;
  Executing& operator=(const Executing&) = delete;

 private:
  const duckdb::shared_ptr<PlanUse> use_;
};

// The use of a planned statement: what was read off its plan, and what DuckDB says that
// it changes beside that.
StatementUse UseOf(std::optional<StatementUse> planned,
                   const duckdb::SQLStatement& parsed,
                   const duckdb::PreparedStatementData& data);

}  // namespace pintail::engine
