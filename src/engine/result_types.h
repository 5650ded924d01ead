// Which Arrow type a DuckDB type becomes in a result; the table is in README.md. Private
// to the engine. Pure functions, callable from any thread.
#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"
#include "arrow/type.h"
#include "duckdb/common/types.hpp"
#include "duckdb/common/vector.hpp"

namespace pintail::engine {

// Unimplemented names the type when Arrow has none for it. `time_zone` is the session's,
// for TIMESTAMP WITH TIME ZONE.
arrow::Result<std::shared_ptr<arrow::Field>> ResultField(const std::string& name,
                                                         const duckdb::LogicalType& type,
                                                         const std::string& time_zone);

arrow::Result<std::shared_ptr<arrow::Schema>> ResultSchema(
    const duckdb::vector<std::string>& names,
    const duckdb::vector<duckdb::LogicalType>& types, const std::string& time_zone);

}  // namespace pintail::engine
