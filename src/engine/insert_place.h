// Whether two connections that insert the same rows would do the same. Threads as in
// connection.h.
#pragma once

#include <optional>
#include <string>

#include "arrow/result.h"
#include "engine/connection.h"
#include "engine/names.h"

namespace pintail::engine {

// A text for the table as the connection sees it, and for what its session has set. Where
// two connections have the same, each can insert the other's rows to the same effect.
// Empty for what is no stored table (none at all, a view, a temporary one), and for
// sessions that cannot be compared.
arrow::Result<std::optional<std::string>> InsertPlace(Connection& connection,
                                                      const TableName& table);

}  // namespace pintail::engine
