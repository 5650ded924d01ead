// Which table a name means on a connection.
#pragma once

#include "arrow/result.h"
#include "engine/connection.h"

namespace pintail::ingest {

// The name with the database and the schema that it means on this connection when it has
// none. Where a search path has several schemas, the first.
arrow::Result<engine::TableName> ResolvedName(engine::Connection& connection,
                                              engine::TableName name);

}  // namespace pintail::ingest
