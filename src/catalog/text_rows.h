// Small questions to DuckDB's catalog, answered as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"

namespace pintail::engine {
class Connection;
}

namespace pintail::catalog {

// Empty for NULL.
using TextRow = std::vector<std::optional<std::string>>;

// All rows of a query, each value as text. For a few rows only: they are gathered.
arrow::Result<std::vector<TextRow>> TextRows(engine::Connection& connection,
                                             const std::string& sql);

}  // namespace pintail::catalog
