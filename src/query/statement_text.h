// From a text to statements, and what a statement asks of the connection it runs on.
// Pure functions over a connection that the caller holds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "engine/connection.h"
#include "engine/statement.h"

namespace pintail::query {

// The text's statements in order, at least one. InvalidSql for a text that does not parse
// or holds none.
arrow::Result<std::vector<std::unique_ptr<engine::ParsedStatement>>> ParseText(
    engine::Connection& connection, const std::string& sql);

// Whether the statement reads or changes what lives in one connection only (settings, a
// transaction, named prepared statements), so that a session has to run all of them on
// the same one.
bool ConcernsTheConnection(const engine::StatementTraits& traits);

// Whether the result may be pulled while the client reads it: it changes nothing, so it
// may as well be abandoned half-way.
bool CanStream(const engine::StatementTraits& traits);

// Whether a run with these parameters gives the columns that the statement announced when
// it was prepared: so when each value has the type that the binder expected.
bool SchemaIsCertain(const engine::PreparedStatement& statement,
                     const arrow::RecordBatch* parameters);

// InvalidArgument, with both sides, when count or names of the columns do not fit the
// statement's parameters.
arrow::Status CheckParameters(const std::vector<engine::StatementParameter>& expected,
                              const arrow::RecordBatch* given);

}  // namespace pintail::query
