// Transactions of a connection in use. One thread at a time for a channel.
#pragma once

#include <functional>
#include <memory>

#include "arrow/result.h"
#include "backend/adbc/channel.h"

namespace pintail::backend {

// InvalidArgument when one is open already; Unimplemented when the source has none.
// PostgreSQL: REPEATABLE READ, so that all reads see one snapshot.
arrow::Status BeginTransaction(const std::shared_ptr<Channel>& channel);
// Both end the transaction, also when they fail: the connection is closed then.
arrow::Status CommitTransaction(const std::shared_ptr<Channel>& channel);
arrow::Status RollbackTransaction(const std::shared_ptr<Channel>& channel);

// Runs the body in the open transaction, or in one of its own that is committed when the
// body succeeds; without one when the source has none.
arrow::Result<int64_t> InTransaction(const std::shared_ptr<Channel>& channel,
                                     const std::function<arrow::Result<int64_t>()>& body);

}  // namespace pintail::backend
