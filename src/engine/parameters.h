// The values of a statement's parameters, from Arrow. Private to the engine.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"
#include "engine/connection.h"
#include "engine/execution.h"

namespace pintail::engine {

// A parameter and the type that the binder expects, INVALID or UNKNOWN when it cannot
// tell.
struct ExpectedParameter {
  std::string name;
  duckdb::LogicalType type;
};

// `expected` in the order of their positions. InvalidArgument when count or names do not
// fit. A number is brought to the expected type when it is the same number there, so that
// clients may send a double or a wider integer than needed.
arrow::Result<ParameterValues> BindParameters(
    duckdb::ClientContext& context, const std::vector<ExpectedParameter>& expected,
    const ParameterRow& row);

}  // namespace pintail::engine
