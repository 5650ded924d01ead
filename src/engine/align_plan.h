// The second half of comparing integers with times: comparisons that DuckDB did bind, by
// a cast from integer to time that it does not have and that would fail once it runs.
// Private to the engine. See integer_time.h.
#pragma once

#include "duckdb/planner/expression.hpp"
#include "duckdb/planner/planner_extension.hpp"

namespace pintail::engine {

bool IsTime(const duckdb::LogicalType& type);
// Whether a number of the type, compared with a time, counts nanoseconds.
bool CountsNanoseconds(const duckdb::LogicalType& type);

// epoch_ns(time), bound.
duckdb::unique_ptr<duckdb::Expression> EpochNanoseconds(
    duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::Expression> time);

// Changes such comparisons in the bound plan to compare nanoseconds.
void AlignPlan(duckdb::PlannerExtensionInput& input, duckdb::BoundStatement& statement);

}  // namespace pintail::engine
