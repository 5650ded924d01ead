// What the gateway keeps for clients under a handle, one struct for each kind. Members
// without a remark are constant once the entry is in its table.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cache/answers.h"
#include "gateway/cache_ask.h"
#include "gateway/gateway.h"
#include "gateway/handle_table.h"
#include "gateway/kept_rows.h"
#include "gateway/plan_cache.h"
#include "gateway/planning.h"

namespace pintail::gateway {

// A result that waits for Fetch.
struct Parked final : Handled {
  using Handled::Handled;

  Place place;
  std::string text;  // of the one statement
  std::optional<std::chrono::milliseconds> timeout;
  std::shared_ptr<arrow::RecordBatch> parameters;
  std::shared_ptr<arrow::Schema> schema;  // as announced
  engine::StatementTraits traits;
  std::optional<int64_t> rows_changed;
  // Rows that are there already; null: the statement runs when it is fetched.
  std::shared_ptr<KeptRows> kept;
  std::shared_ptr<PlanCache> plans;  // never null
  CacheAsk ask;
  cache::Answers::Found found;  // its answer was there already
};

struct Prepared final : Handled {
  using Handled::Handled;

  std::string sql;
  std::string transaction_id;
  PreparedInfo info;
  bool single = true;  // the text is one statement
  std::shared_ptr<PlanCache> plans = std::make_shared<PlanCache>();

  std::mutex mutex;
  std::shared_ptr<arrow::RecordBatch> bound;  // protected by mutex
};

struct OpenTransaction final : Handled {
  using Handled::Handled;

  std::shared_ptr<Slot> slot;

  std::mutex mutex;
  std::vector<std::function<void()>> after_commit;  // protected by mutex
};

struct Background final : Handled {
  using Handled::Handled;

  CallPtr call;  // its own: it outlives the call that started it

  std::mutex mutex;
  // Protected by mutex.
  std::optional<arrow::Result<ParkedResult>> outcome;
};

}  // namespace pintail::gateway
