// A statement that failed because a table of a source is no longer as it was known is run
// once more, as the source has been asked again by then. Private to the engine.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "engine/connection.h"

namespace pintail::engine {

// Of a connection: whether a scan has found a table changed. Callable from any thread.
class ChangedTables final : public duckdb::ClientContextState {
 public:
  static duckdb::shared_ptr<ChangedTables> Of(duckdb::ClientContext& context);
  void Note() { found_ = true; }
  bool Take() { return found_.exchange(false); }

 private:
  std::atomic<bool> found_ = false;
};

// Runs a statement that reads sources, up to its first rows; once more if that fails for
// this reason, outside of a transaction. Rows of another schema than was announced are a
// Conflict.
arrow::Result<std::unique_ptr<ResultStream>> RunWithRetry(
    duckdb::ClientContext& context, const arrow::Schema& announced,
    const std::function<arrow::Result<std::unique_ptr<ResultStream>>()>& run);

}  // namespace pintail::engine
