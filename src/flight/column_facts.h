// What tools read about a column besides its Arrow type: Flight SQL's column metadata.
// Pure functions.
#pragma once

#include <memory>

#include "arrow/type.h"
#include "engine/names.h"

namespace pintail::flight {

// The schema of a table, each field with Flight SQL's metadata: the table's name in
// parts, the type's name in SQL, precision, scale, remarks, and whether it can be
// searched and written.
std::shared_ptr<arrow::Schema> WithColumnFacts(const arrow::Schema& schema,
                                               const engine::TableName& table);

}  // namespace pintail::flight
