#include "engine/source_transaction.h"

#include <utility>

#include "duckdb/main/client_context.hpp"
#include "engine/error_translation.h"
#include "engine/source_catalog.h"

namespace pintail::engine {
SourceTransaction::SourceTransaction(duckdb::TransactionManager& manager,
                                     duckdb::ClientContext& context,
                                     std::shared_ptr<Source> source,
                                     std::shared_ptr<SourceTables> tables)
    : Transaction(manager, context),
      source_(std::move(source)),
      tables_(std::move(tables)) {}

SourceTransaction& SourceTransaction::Of(duckdb::ClientContext& context,
                                         duckdb::Catalog& catalog) {
  return Get(context, catalog).Cast<SourceTransaction>();
}

arrow::Status SourceTransaction::WithSession(std::stop_token stop, const Use& use) {
  const std::lock_guard lock(session_mutex_);
  if (ended_ || stop.stop_requested()) {
    return base::MakeError(base::ErrorKind::kCancelled, "the statement was cancelled");
  }
  if (!session_) {
    ARROW_ASSIGN_OR_RAISE(session_, source_->Lease(stop));
  }
  const std::stop_callback cancel(std::move(stop), [this] { session_->Cancel(); });
  if (!begun_ && source_->capabilities().transaction) {
    ARROW_RETURN_NOT_OK(session_->Begin());
    begun_ = true;
  }
  return use(*session_);
}

arrow::Status InSession(Source& source, SourceTransaction* transaction,
                        std::stop_token stop, const SourceTransaction::Use& use) {
  if (transaction) return transaction->WithSession(std::move(stop), use);
  ARROW_ASSIGN_OR_RAISE(const auto session, source.Lease(stop));
  return use(*session);
}

void SourceTransaction::Keep(std::shared_ptr<SourceTableEntry> entry) {
  const std::lock_guard lock(mutex_);
  if (!kept_.empty() && kept_.back() == entry) return;
  kept_.push_back(std::move(entry));
}

void SourceTransaction::SetOwn(const SourceTableName& name,
                               std::shared_ptr<const KnownTable> table) {
  tables_->Forget(name);
  const std::lock_guard lock(mutex_);
  own_[{name.schema, name.table}] = std::move(table);
}

std::optional<std::shared_ptr<const KnownTable>> SourceTransaction::Own(
    const SourceTableName& name) {
  const std::lock_guard lock(mutex_);
  auto found = own_.find({name.schema, name.table});
  if (found == own_.end()) return std::nullopt;
  return found->second;
}

arrow::Status SourceTransaction::Commit() {
  const std::lock_guard lock(session_mutex_);
  arrow::Status status;
  if (begun_) status = session_->Commit();
  begun_ = false;
  ended_ = true;
  session_.reset();
  for (const auto& [name, table] : own_) tables_->Forget({name.first, name.second});
  return status;
}

void SourceTransaction::Rollback() {
  const std::lock_guard lock(session_mutex_);
  // Whoever gives the session back to its pool finds out when it is broken.
  if (begun_) (void)session_->Rollback();
  begun_ = false;
  ended_ = true;
  session_.reset();
  for (const auto& [name, table] : own_) tables_->Forget({name.first, name.second});
}

SourceTransactions::SourceTransactions(duckdb::AttachedDatabase& database,
                                       SourceCatalog& catalog)
    : TransactionManager(database), catalog_(catalog) {}

duckdb::Transaction& SourceTransactions::StartTransaction(
    duckdb::ClientContext& context) {
  auto transaction = std::make_shared<SourceTransaction>(
      *this, context, catalog_.source(), catalog_.tables());
  auto& started = *transaction;
  const std::lock_guard lock(mutex_);
  open_.emplace(&started, std::move(transaction));
  return started;
}

std::shared_ptr<SourceTransaction> SourceTransactions::Take(
    duckdb::Transaction& transaction) {
  const std::lock_guard lock(mutex_);
  auto found = open_.find(&transaction);
  auto taken = std::move(found->second);
  open_.erase(found);
  return taken;
}

duckdb::ErrorData SourceTransactions::CommitTransaction(
    duckdb::ClientContext&, duckdb::Transaction& transaction) {
  return ErrorOfCommit(Take(transaction)->Commit());
}

void SourceTransactions::RollbackTransaction(duckdb::Transaction& transaction) {
  Take(transaction)->Rollback();
}

void SourceTransactions::Checkpoint(duckdb::ClientContext&, bool) {}

}  // namespace pintail::engine
