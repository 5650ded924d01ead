// A statement's result as the body of an answer.
#pragma once

#include "arrow/record_batch.h"
#include "arrow/status.h"
#include "columnar/format.h"
#include "gateway/gateway.h"
#include "http/response.h"

namespace pintail::http {

// Writes the rows in the format as they are pulled, or, for a statement without rows, how
// many it changed. When the rows fail after part of them is on its way, NDJSON gets a
// last line {"error": …}; every format's body then ends without its proper end.
arrow::Status WriteResult(const base::CallContext& call, gateway::StatementResult result,
                          columnar::Format format, Response& response);

}  // namespace pintail::http
