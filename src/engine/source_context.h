// What one connection knows of the sources: it keeps the connection's search path in step
// with the default source. Private to the engine; used by the connection's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/status.h"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "engine/source_guard.h"

namespace pintail::engine {

class SourceContext final : public duckdb::ClientContextState {
 public:
  explicit SourceContext(std::weak_ptr<SourceGuard> guard) : guard_(std::move(guard)) {}

  static void Register(duckdb::ClientContext& context, std::weak_ptr<SourceGuard> guard);
  // Null for a connection of the engine's own.
  static duckdb::shared_ptr<SourceContext> Of(duckdb::ClientContext& context);

  // Null when nobody keeps sources.
  std::shared_ptr<SourceGuard> guard() const { return guard_.lock(); }

  // To be called before each statement. A search path that the client has set stays.
  void Refresh(duckdb::ClientContext& context);

  // See SourceGuard::Explain; `sql` is the statement.
  arrow::Status Explain(const arrow::Status& failure, std::string_view sql,
                        duckdb::ClientContext& context, bool* again);

 private:
  const std::weak_ptr<SourceGuard> guard_;
  uint64_t generation_ = 0;
  SourceGuard::Place place_;  // that is in the search path
};

// Whether the name is a source's, as far as this connection knows.
bool IsSourceName(duckdb::ClientContext& context, const std::string& name);

}  // namespace pintail::engine
