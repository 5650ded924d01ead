// Shows the tables whose older rows are in a source: the view pintail.tiers, and metrics.
#pragma once

#include <functional>
#include <vector>

#include "arrow/status.h"
#include "base/metrics.h"
#include "engine/database.h"
#include "ingest/write_through.h"

namespace pintail::ingest {

// `figures` are asked for whenever someone looks, from any thread, also after whoever
// gives them has gone. `tables` are those that they will tell of.
arrow::Status ShowTiers(engine::Database& database, base::Metrics& metrics,
                        const std::vector<WriteThrough>& tables,
                        const std::function<std::vector<TierFigures>()>& figures);

}  // namespace pintail::ingest
