// How SQL spells the types of Arrow fields.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"
#include "engine/connection.h"

namespace pintail::ingest {

// DuckDB's spelling of each field's type, for ALTER TABLE. Asks DuckDB itself, by making
// an empty temporary table of those columns and dropping it again: so a spelling never
// differs from what CreateTable would have made.
arrow::Result<std::vector<std::string>> SqlTypes(engine::Connection& connection,
                                                 const arrow::FieldVector& fields);

}  // namespace pintail::ingest
