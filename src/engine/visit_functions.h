// Each function that a parsed statement calls, wherever in it. Private to the engine.
#pragma once

#include <functional>

#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/sql_statement.hpp"

namespace pintail::engine {

void VisitFunctions(duckdb::SQLStatement& statement,
                    const std::function<void(duckdb::FunctionExpression&)>& each);

}  // namespace pintail::engine
