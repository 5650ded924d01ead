// POST /v1/query: runs SQL and answers with its rows as they are produced.
#include <simdutf.h>

#include "arrow/record_batch.h"
#include "http/accept.h"
#include "http/known_parameters.h"
#include "http/query_document.h"
#include "http/request.h"
#include "http/response.h"
#include "http/result_body.h"
#include "http/routes/routes.h"

namespace pintail::http {
namespace {

arrow::Result<QueryDocument> ReadQuery(const RouteRooms& rooms, const Request& request,
                                       DocumentBudget::Share& memory) {
  const std::string media_type = request.MediaType();
  const bool json = media_type == "application/json";
  if (!json && media_type != "text/plain" && media_type != "application/sql") {
    return Refusal(415, "unsupported_media_type",
                   "the Content-Type is \"" + media_type +
                       "\"; send SQL text as application/sql or text/plain, or an object "
                       "{\"sql\", \"parameters\", \"timeout_ms\"} as application/json");
  }
  const columnar::Limits& limits = rooms.gateway.options().limits;
  ARROW_ASSIGN_OR_RAISE(const Document document,
                        ReadDocument(request, limits, rooms.options.max_document_bytes,
                                     JsonPadding(), memory));
  if (json) {
    ARROW_RETURN_NOT_OK(memory.Grow(ParsedBytes(document)));
    return ParseQueryDocument(document, static_cast<size_t>(limits.max_nesting));
  }
  ARROW_RETURN_NOT_OK(memory.Grow(static_cast<int64_t>(document.size)));
  QueryDocument query;
  query.sql = std::string(document.text());
  const auto valid =
      simdutf::validate_utf8_with_errors(query.sql.data(), query.sql.size());
  if (valid.error != simdutf::SUCCESS) {
    return base::MakeError(base::ErrorKind::kInvalidSql,
                           "the request's SQL is not UTF-8 text, from byte ", valid.count,
                           " on; send it as UTF-8");
  }
  if (query.sql.empty()) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "the request's body is empty; send the SQL to run");
  }
  return query;
}

arrow::Status AnswerQuery(const RouteRooms& rooms, const Request& request,
                          Response& response) {
  ARROW_RETURN_NOT_OK(CheckParameters(request, {"format"}));
  ARROW_ASSIGN_OR_RAISE(
      const columnar::Format format,
      ChooseFormat(request.head.fields.Find("accept"), request.QueryValue("format")));
  DocumentBudget::Share memory(rooms.documents);
  ARROW_ASSIGN_OR_RAISE(QueryDocument query, ReadQuery(rooms, request, memory));
  memory.ShrinkTo(HeldBytes(query));  // the document itself is gone
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_ASSIGN_OR_RAISE(const auto cache,
                        gateway::CacheControl::Parse(
                            request.head.fields.Find("cache-control").value_or("")));
  auto result = rooms.gateway.Execute(request.call, session,
                                      {.sql = std::move(query.sql),
                                       .parameters = std::move(query.parameters),
                                       .timeout = query.timeout,
                                       .cache = cache});
  if (!result.ok() && cache.only_if_cached &&
      base::KindOf(result.status()) == base::ErrorKind::kUnavailable) {
    return Refusal(504, "not_cached", result.status().message());
  }
  ARROW_RETURN_NOT_OK(result);
  return WriteResult(*request.call, *std::move(result), format, response);
}

}  // namespace

Route QueryRoute(const RouteRooms& rooms) {
  return {
      .method = "POST",
      .pattern = "/v1/query",
      .operation =
          {.id = "query",
           .tag = "SQL",
           .summary = "Run SQL",
           .description =
               "Runs every statement of the text in order and answers with the last "
               "one's "
               "rows, in the format that `Accept` (or `format`) asks for, as they are "
               "produced. A statement without rows answers `{\"rows_changed\": n}`. An "
               "error "
               "after the first rows are on their way ends the body without its proper "
               "end; "
               "NDJSON then has a last line `{\"error\": …}`.",
           .parameters = R"({"name": "format", "in": "query", "schema": {"enum": ["json",
             "ndjson", "csv", "arrow", "parquet"]}, "description": "Goes before Accept"},
             {"name": "Cache-Control", "in": "header", "schema": {"type": "string"},
              "description": "no-cache, no-store, max-age=N, max-stale[=N] and only-if-cached, as in HTTP, about answers of statements that read sources"},
             {"$ref": "#/components/parameters/Session"},
             {"$ref": "#/components/parameters/RequestId"})",
           .request_body = R"({"required": true, "content": {
             "application/json": {"schema": {"$ref": "#/components/schemas/Query"},
               "example": {"sql": "SELECT ? + 1 AS n", "parameters": [41]}},
             "application/sql": {"schema": {"type": "string"}, "example": "SELECT 42 AS n"},
             "text/plain": {"schema": {"type": "string"}}}})",
           .responses = R"("200": {"description": "The rows", "content": {
             "application/json": {"schema": {"oneOf": [
               {"type": "array", "items": {"type": "object"}},
               {"$ref": "#/components/schemas/RowsChanged"}]}, "example": [{"n": 42}]},
             "application/x-ndjson": {"schema": {"type": "string"}},
             "text/csv": {"schema": {"type": "string"}},
             "application/vnd.apache.arrow.stream": {"schema": {"type": "string",
               "format": "binary"}},
             "application/vnd.apache.parquet": {"schema": {"type": "string",
               "format": "binary"}}}},
             "400": {"$ref": "#/components/responses/Error"},
             "406": {"$ref": "#/components/responses/Error"},
             "413": {"$ref": "#/components/responses/Error"},
             "415": {"$ref": "#/components/responses/Error"},
             "429": {"$ref": "#/components/responses/Error"},
             "503": {"$ref": "#/components/responses/Error"},
             "504": {"$ref": "#/components/responses/Error"})"},
      .handle = [rooms](
                    const Request& request,
                    Response& response) { return AnswerQuery(rooms, request, response); },
      .body = BodyUse::kDocument};
}

}  // namespace pintail::http
