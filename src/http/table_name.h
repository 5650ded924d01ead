// Table names as they stand in URLs. Pure functions.
#pragma once

#include <string_view>

#include "arrow/result.h"
#include "engine/names.h"

namespace pintail::http {

// "table", "schema.table" or "catalog.schema.table"; a part in double quotes may hold
// dots (and quotes, doubled). InvalidArgument otherwise.
arrow::Result<engine::TableName> ParseTableName(std::string_view text);

}  // namespace pintail::http
