// From a text to the connection its last statement runs on, with all statements before it
// done. Functions over a run; called in the thread of the call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "gateway/plan_cache.h"
#include "gateway/session.h"
#include "gateway/statement_run.h"
#include "query/execution.h"

namespace pintail::gateway {

// Where a call's statements run: in its session, or in a transaction of it.
struct Place {
  SessionPtr session;
  std::shared_ptr<Slot> transaction;  // null: none
  // Told of the settings after each statement that changes some; may be empty.
  std::function<void(const engine::SessionSettings&)> settings_changed = {};
};

// A bound statement on a leased connection, attached to its run.
struct Planned {
  Lease lease;
  std::unique_ptr<engine::PreparedStatement> statement;
  std::string text;    // of this statement alone
  bool single = true;  // the whole text is this statement
};

// Plans the only or last statement of the text, running those before it to their ends.
// Parameters go to the statements that have any.
arrow::Result<Planned> PlanText(StatementRun& run, const Place& place,
                                const std::string& sql,
                                const std::shared_ptr<arrow::RecordBatch>& parameters);

// The same for a text that is known to be one statement, by the kept plan when its
// connection is free.
arrow::Result<Planned> PlanAgain(StatementRun& run, const Place& place,
                                 const std::string& text,
                                 const engine::StatementTraits& traits, PlanCache& plans);

// What became of a statement that was run.
struct Ran {
  Planned planned;
  std::shared_ptr<arrow::RecordBatchReader> rows;
  std::optional<int64_t> rows_changed;
  bool detached = false;  // the rows need neither connection nor plan
};

// Runs it, and does what has to follow in the session: a setting reaches its other
// connections. With `materialize`, and where a client must not hold the connection, the
// rows are kept aside and the connection is free.
arrow::Result<Ran> RunPlanned(StatementRun& run, const Place& place, Planned planned,
                              std::shared_ptr<arrow::RecordBatch> parameters,
                              bool materialize);

}  // namespace pintail::gateway
