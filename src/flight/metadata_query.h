// Metadata that is asked of DuckDB by SQL, brought into the schema that Flight SQL
// prescribes. Called in a call's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "flight/call.h"

namespace pintail::flight {

// Runs the query in the caller's session with the texts as its parameters $1, $2, …
// (unset is NULL); the answer has to have the schema's columns in order, with its types.
// Reads all of it.
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> QueryMetadata(
    Call& call, const std::string& sql,
    const std::vector<std::optional<std::string>>& parameters,
    const std::shared_ptr<arrow::Schema>& schema);

}  // namespace pintail::flight
