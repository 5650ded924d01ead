// The functions of schema `pintail`: SELECT … FROM pintail.<name>(…), CALL
// pintail.<name>(…). Private to the engine, whose Database adds them (AddSystemFunction
// in system_function.h). Thread-safe.
//
// They are kept in DuckDB's system catalog, beside the views (system_views.h). DuckDB
// looks for a schema of a function in the default database only and has no hook there, so
// that parsed statements are changed to name the system catalog.
#pragma once

#include <string>

#include "duckdb/function/table_function.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/parser/sql_statement.hpp"
#include "engine/system_function.h"

namespace pintail::engine {

// AlreadyExists when there is one of the name.
arrow::Status AddSystemFunction(duckdb::DatabaseInstance& database,
                                const std::string& name, SystemFunction function);
// The same for a function of the engine's own, whose rows' types may depend on its
// arguments. Its name is the function's.
arrow::Status AddSystemFunction(duckdb::DatabaseInstance& database,
                                duckdb::TableFunction function);

// Makes each reference to one of them in the statement a full one.
void QualifySystemFunctions(duckdb::DatabaseInstance& database,
                            duckdb::SQLStatement& statement);

}  // namespace pintail::engine
