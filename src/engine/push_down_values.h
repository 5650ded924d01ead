// Values that DuckDB makes of what a source has computed, where the source's own value
// would be another one: averages, and sums that do not fit the source's integers.
// Private to the engine. Pure functions, callable from any thread.
#pragma once

#include <string>
#include <vector>

#include "duckdb/planner/expression.hpp"

namespace pintail::engine {

struct FinishedValue {
  enum class Kind : uint8_t {
    kPlain,           // one value
    kAverageDouble,   // sum and count of doubles
    kAverageNarrow,   // sum and count of numbers that DuckDB adds up in 64 bits
    kAverageWide,     // … in 128 bits
    kSplitSum,        // sums of the upper and lower 32 bits
    kAverageOfSplit,  // the same and the count
  };
  Kind kind = Kind::kPlain;
  duckdb::LogicalType type;  // of the value
  double scale = 1;          // of decimals: 10 to the power of their scale
  // What the source computes, and their types.
  std::vector<std::string> parts;
  std::vector<duckdb::LogicalType> part_types;
};

// The value from its parts, which have the types of `part_types`.
duckdb::unique_ptr<duckdb::Expression> FinishValue(
    duckdb::ClientContext& context, const FinishedValue& value,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> parts);

}  // namespace pintail::engine
