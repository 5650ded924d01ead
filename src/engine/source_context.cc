#include "engine/source_context.h"

#include <utility>

#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/database_manager.hpp"
#include "engine/source_statement.h"

namespace pintail::engine {
namespace {

constexpr const char* kState = "pintail_sources";

}  // namespace

void SourceContext::Register(duckdb::ClientContext& context,
                             std::weak_ptr<SourceGuard> guard) {
  context.registered_state->Insert(
      kState, duckdb::make_shared_ptr<SourceContext>(std::move(guard)));
}

duckdb::shared_ptr<SourceContext> SourceContext::Of(duckdb::ClientContext& context) {
  return context.registered_state->Get<SourceContext>(kState);
}

void SourceContext::Refresh(duckdb::ClientContext& context) {
  const auto guard = guard_.lock();
  if (!guard) return;
  const uint64_t generation = guard->generation();
  auto& path = *duckdb::ClientData::Get(context).catalog_search_path;
  const auto& set = path.GetSetPaths();
  const bool was_reset = set.empty() && !place_.catalog.empty();
  if (generation == generation_ && !was_reset) return;
  generation_ = generation;
  const bool ours = set.empty() || (set.size() == 2 && !place_.catalog.empty() &&
                                    set[1].catalog == place_.catalog);
  place_ = guard->default_place();
  if (!ours) {
    place_ = {};
    return;
  }
  if (place_.catalog.empty()) {
    path.Reset();
    return;
  }
  path.Set({duckdb::CatalogSearchEntry(
                duckdb::DatabaseManager::GetDefaultDatabase(context), DEFAULT_SCHEMA),
            duckdb::CatalogSearchEntry(place_.catalog, place_.schema)},
           duckdb::CatalogSetPathType::SET_DIRECTLY);
}

arrow::Status SourceContext::Explain(const arrow::Status& failure, std::string_view sql,
                                     duckdb::ClientContext& context, bool* again) {
  *again = false;
  const auto guard = guard_.lock();
  if (!guard) return failure;
  bool worth = false;
  const arrow::Status told = guard->Explain(failure, NamesIn(sql), &worth);
  // A transaction has been aborted by the failure, or has its snapshot already.
  *again = worth && context.transaction.IsAutoCommit();
  if (*again) Refresh(context);
  return worth ? failure : told;
}

bool IsSourceName(duckdb::ClientContext& context, const std::string& name) {
  const auto state = SourceContext::Of(context);
  const auto guard = state ? state->guard() : nullptr;
  return guard && guard->IsSource(name);
}

}  // namespace pintail::engine
