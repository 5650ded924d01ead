// Refuses plans of clients that change tables whose rows are sent on to a source: the
// source would not have the change. Private to the engine; called by the thread that
// plans.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/planner/logical_operator.hpp"

namespace pintail::engine {

class TailStore;

// Throws duckdb::InvalidInputException when the operator changes rows of such a table, or
// what it is, and says what to do instead. By what names mean in the plan.
void CheckLeavesSentOn(duckdb::ClientContext& context, const TailStore& store,
                       duckdb::LogicalOperator& op);

}  // namespace pintail::engine
