// Refuses the statements that no client may run because the server itself stands on what
// they change. Private to the engine.
#pragma once

#include "arrow/status.h"

namespace duckdb {
class ClientContext;
class SQLStatement;
}  // namespace duckdb

namespace pintail::engine {

// Unimplemented, with what to do instead, for what would fetch extensions from the
// network (INSTALL, UPDATE EXTENSIONS, turning installation by itself on): what may be
// loaded came with the program. PermissionDenied for DETACH of the server's own database,
// which would take it from every session.
arrow::Status CheckServerStands(duckdb::ClientContext& context,
                                const duckdb::SQLStatement& statement);

}  // namespace pintail::engine
