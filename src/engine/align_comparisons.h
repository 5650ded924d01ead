// Rewrites the comparisons of a parsed statement. Private to the engine; a pure function
// but for the statement it changes.
#pragma once

#include "duckdb/parser/sql_statement.hpp"

namespace pintail::engine {

inline constexpr const char* kAlignFunction = "pintail_align";

struct AlignOptions {
  // Also comparisons with a parameter alone on one side.
  bool parameters = false;
};

// Makes each comparison `a < b` into `pintail_align(a, b) < pintail_align(b, a)`, and
// BETWEEN likewise. Returns whether there was any.
bool AlignComparisons(duckdb::SQLStatement& statement, const AlignOptions& options);

}  // namespace pintail::engine
