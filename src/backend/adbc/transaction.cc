#include "backend/adbc/transaction.h"

#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using ChannelPtr = std::shared_ptr<Channel>;

arrow::Status SetAutocommit(const ChannelPtr& channel, const char* value) {
  return channel->connection()->SetOption(ADBC_CONNECTION_OPTION_AUTOCOMMIT, value);
}

// Ends by `how` and goes back to committing each statement.
arrow::Status End(const ChannelPtr& channel, arrow::Status (DriverConnection::*how)()) {
  if (!channel->in_transaction()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "source '",
                           channel->ground().blame->source,
                           "': there is no transaction to end");
  }
  arrow::Status status = (channel->connection()->*how)();
  if (status.ok()) {
    const arrow::Status back = SetAutocommit(channel, ADBC_OPTION_VALUE_ENABLED);
    if (!back.ok()) channel->Discard();
  } else {
    channel->Discard();
  }
  channel->set_in_transaction(false);
  return status;
}

arrow::Status TakeOneSnapshot(const ChannelPtr& channel) {
  ARROW_ASSIGN_OR_RAISE(const auto statement,
                        DriverStatement::Open(channel->connection()));
  ARROW_RETURN_NOT_OK(
      statement->SetSql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  return statement->Execute(nullptr).status();
}

}  // namespace

arrow::Status BeginTransaction(const ChannelPtr& channel) {
  if (channel->in_transaction()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "source '",
                           channel->ground().blame->source,
                           "': a transaction is open already");
  }
  ARROW_RETURN_NOT_OK(channel->CheckAlive());
  ARROW_RETURN_NOT_OK(SetAutocommit(channel, ADBC_OPTION_VALUE_DISABLED));
  channel->set_in_transaction(true);
  if (channel->dialect() != engine::SqlDialect::kPostgres) return arrow::Status::OK();
  const arrow::Status status = TakeOneSnapshot(channel);
  if (!status.ok()) RollbackTransaction(channel).Warn();
  return status;
}

arrow::Status CommitTransaction(const ChannelPtr& channel) {
  return End(channel, &DriverConnection::Commit);
}

arrow::Status RollbackTransaction(const ChannelPtr& channel) {
  return End(channel, &DriverConnection::Rollback);
}

arrow::Result<int64_t> InTransaction(
    const ChannelPtr& channel, const std::function<arrow::Result<int64_t>()>& body) {
  if (channel->in_transaction() ||
      !channel->ground().database->vendor().capabilities.transaction) {
    return body();
  }
  const arrow::Status begun = BeginTransaction(channel);
  if (!begun.ok() && base::KindOf(begun) == ErrorKind::kUnimplemented) return body();
  ARROW_RETURN_NOT_OK(begun);
  auto done = body();
  if (!done.ok()) {
    // What went wrong first is what the caller should know.
    (void)RollbackTransaction(channel);
    return done;
  }
  ARROW_RETURN_NOT_OK(CommitTransaction(channel));
  return done;
}

}  // namespace pintail::backend
