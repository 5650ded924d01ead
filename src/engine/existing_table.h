// Which table or view a name means on a connection. Threads as in connection.h.
#pragma once

#include <optional>

#include "arrow/result.h"
#include "engine/connection.h"
#include "engine/names.h"

namespace pintail::engine {

// The whole name of the table or view that statements of this connection mean by that
// name, as the catalog spells it: a temporary one (in the database `temp`) before all
// others, then the first on the search path. Nothing when there is none.
arrow::Result<std::optional<TableName>> ExistingTable(Connection& connection,
                                                      const TableName& name);

}  // namespace pintail::engine
