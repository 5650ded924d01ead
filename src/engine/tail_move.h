// Rows from a tail into their table. Private to the engine.
#pragma once

#include "arrow/status.h"
#include "duckdb/main/client_context.hpp"
#include "engine/tail_store.h"

namespace pintail::engine {

// Inserts the rows of the view into the table and writes down which puts they are and up
// to which position of the journal they go, in the context's transaction, which must have
// begun.
arrow::Status PutIntoTable(duckdb::ClientContext& context, TailStore& store,
                           const TailKey& key, const TailView& view);

}  // namespace pintail::engine
