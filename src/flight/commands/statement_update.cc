#include <utility>

#include "flight/commands/commands.h"

namespace pintail::flight::commands {

arrow::Result<int64_t> RowsChanged(gateway::StatementResult result) {
  std::shared_ptr<arrow::RecordBatch> batch;
  do {
    ARROW_RETURN_NOT_OK(result.rows->ReadNext(&batch));
  } while (batch);
  if (result.rows_changed) return *result.rows_changed;
  // A definition or a setting changes no rows; what a query does to them is not known.
  return result.traits.returns_rows ? -1 : 0;
}

arrow::Result<int64_t> RunUpdate(Call& call, const sql::StatementUpdate& command) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(
      auto result, call.gateway().Execute(
                       call.context(), session,
                       {.sql = command.query, .transaction_id = command.transaction_id}));
  return RowsChanged(std::move(result));
}

}  // namespace pintail::flight::commands
