// Which table a put goes into.
#pragma once

#include <string>

#include "arrow/result.h"
#include "engine/connection.h"
#include "ingest/write_path.h"

namespace pintail::ingest {

struct ResolvedName {
  // With its database and schema. The database of a session's temporary tables is named
  // after the session, as they are no one else's.
  engine::TableName table;
  bool temporary = false;

  // Equal for the same table, however it was named, and no other table's.
  std::string Text() const;
};

// What the order's table is called on this connection: the one that is there, as DuckDB
// looks it up, else the one that the put would make. Not in a transaction that failed.
arrow::Result<ResolvedName> Resolve(engine::Connection& connection, const Order& order);

}  // namespace pintail::ingest
