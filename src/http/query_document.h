// The JSON body of POST /v1/query. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "http/request.h"

namespace pintail::http {

struct QueryDocument {
  std::string sql;
  // One row; null when there are no parameters. A list gives the fields "1", "2", …; an
  // object gives fields by its keys.
  std::shared_ptr<arrow::RecordBatch> parameters;
  std::optional<std::chrono::milliseconds> timeout;
};

// At most how many values the JSON text has, without reading it as JSON.
int64_t MostValues(const Document& document);
// An upper estimate of the memory that ParseQueryDocument takes beside the document.
int64_t ParsedBytes(const Document& document);
// What a parsed document takes.
int64_t HeldBytes(const QueryDocument& query);

// Bytes that have to be readable behind a document given to ParseQueryDocument.
size_t JsonPadding();

// InvalidArgument, with the place, for what is no JSON, nests deeper than `max_depth`, or
// has other members than sql, parameters and timeout_ms.
arrow::Result<QueryDocument> ParseQueryDocument(const Document& document,
                                                size_t max_depth);

}  // namespace pintail::http
