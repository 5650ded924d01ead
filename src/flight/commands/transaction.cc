#include "flight/commands/commands.h"

namespace pintail::flight::commands {

arrow::Result<sql::ActionBeginTransactionResult> BeginTransaction(Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  sql::ActionBeginTransactionResult result;
  ARROW_ASSIGN_OR_RAISE(result.transaction_id,
                        call.gateway().Begin(call.context(), session));
  return result;
}

arrow::Status EndTransaction(Call& call,
                             const sql::ActionEndTransactionRequest& request) {
  if (request.action == sql::ActionEndTransactionRequest::kCommit) {
    return call.gateway().Commit(call.context(), request.transaction_id);
  }
  return call.gateway().Rollback(call.context(), request.transaction_id);
}

}  // namespace pintail::flight::commands
