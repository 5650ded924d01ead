// Which columns of a table keep their type whatever arrives, because the database cannot
// change it.
#pragma once

#include <optional>
#include <string>

#include "arrow/result.h"
#include "engine/connection.h"

namespace pintail::ingest {

// What holds the column's type ("PRIMARY KEY(id)", "the index by_name"); empty when it
// can be changed.
arrow::Result<std::optional<std::string>> WhatFixesType(engine::Connection& connection,
                                                        const engine::TableName& table,
                                                        const std::string& column);

}  // namespace pintail::ingest
