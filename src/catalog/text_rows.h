// Small questions to DuckDB's catalog, answered as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "engine/connection.h"

namespace pintail::catalog {

// Empty for NULL.
using TextRow = std::vector<std::optional<std::string>>;

// A row that binds the texts to $1, $2, …: whatever is in them stays a value.
arrow::Result<engine::ParameterRow> TextParameters(const std::vector<std::string>& texts);

// All rows of a query, each value as text. For a few rows only: they are gathered.
arrow::Result<std::vector<TextRow>> TextRows(
    engine::Connection& connection, const std::string& sql,
    const std::vector<std::string>& parameters = {});

}  // namespace pintail::catalog
