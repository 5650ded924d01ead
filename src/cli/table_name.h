// Names of tables and columns as typed on a command line. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "arrow/result.h"
#include "cli/client.h"

namespace pintail::cli {

// table, schema.table or catalog.schema.table; parts with other characters in double
// quotes, as in SQL. InvalidArgument otherwise.
arrow::Result<IngestTarget> ParseTableName(std::string_view text);

// The text as a SQL string literal.
std::string QuoteLiteral(std::string_view text);

}  // namespace pintail::cli
