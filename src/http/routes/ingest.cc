// POST /v1/ingest/{table}: a file or stream of rows, as it is, into a table.
#include <charconv>

#include "columnar/batch_reader.h"
#include "gateway/ingest_mode.h"
#include "http/json_text.h"
#include "http/known_parameters.h"
#include "http/observed_reader.h"
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {
namespace {

using columnar::Format;

arrow::Result<Format> FormatOf(const Request& request) {
  const std::string media_type = request.MediaType();
  std::optional<Format> format = columnar::FormatOfMediaType(media_type);
  if (const auto named = request.QueryValue("format")) {
    ARROW_ASSIGN_OR_RAISE(format, columnar::ParseFormat(*named));
  }
  if (format && *format != Format::kJson) return *format;
  return Refusal(
      415, "unsupported_media_type",
      "the Content-Type is \"" + media_type +
          "\"; rows are taken as application/vnd.apache.arrow.stream, "
          "application/vnd.apache.arrow.file, application/vnd.apache.parquet, "
          "text/csv or application/x-ndjson (or say ?format=arrow, arrow-file, "
          "parquet, csv or ndjson)");
}

arrow::Result<gateway::IngestMode> ModeOf(const Request& request) {
  const std::string name = request.QueryValue("mode").value_or("create_or_append");
  if (const auto mode = gateway::FindIngestMode(name)) return *mode;
  return base::MakeError(base::ErrorKind::kInvalidArgument, "mode is \"", name,
                         "\"; it can be append, create, replace or create_or_append");
}

arrow::Result<std::optional<int64_t>> RowsOf(const Request& request,
                                             const std::string& name) {
  const auto text = request.QueryValue(name);
  if (!text) return std::nullopt;
  int64_t rows = 0;
  const auto [end, failed] =
      std::from_chars(text->data(), text->data() + text->size(), rows);
  if (failed == std::errc() && end == text->data() + text->size() && rows > 0)
    return rows;
  return base::MakeError(base::ErrorKind::kInvalidArgument, name, " is \"", *text,
                         "\"; it must be a whole number above 0");
}

arrow::Result<gateway::IngestRequest> IngestRequestOf(const Request& request) {
  gateway::IngestRequest ingest;
  ingest.table = {.catalog = request.QueryValue("catalog").value_or(""),
                  .schema = request.QueryValue("schema").value_or(""),
                  .table = request.path_values.at("table")};
  ARROW_ASSIGN_OR_RAISE(ingest.mode, ModeOf(request));
  if (const auto policy = request.QueryValue("schema_policy")) {
    ARROW_ASSIGN_OR_RAISE(ingest.schema_policy, columnar::ParseSchemaPolicy(*policy));
  }
  ARROW_ASSIGN_OR_RAISE(ingest.commit_rows, RowsOf(request, "commit_rows"));
  ARROW_ASSIGN_OR_RAISE(ingest.chunk_rows, RowsOf(request, "chunk_rows"));
  ARROW_ASSIGN_OR_RAISE(ingest.key, PutKeyOf(request));
  return ingest;
}

// Schema and catalog are told when they were asked for.
std::string ResultBody(const engine::TableName& table,
                       const gateway::IngestResult& result) {
  std::string body = "{\"table\":" + JsonQuote(table.table);
  if (!table.schema.empty()) body += ",\"schema\":" + JsonQuote(table.schema);
  if (!table.catalog.empty()) body += ",\"catalog\":" + JsonQuote(table.catalog);
  return body + ",\"rows\":" + std::to_string(result.rows) +
         ",\"commits\":" + std::to_string(result.commits) +
         (result.repeated ? ",\"repeated\":true}\n" : "}\n");
}

// The columns as which text is to be read; null when the data tell their types, or make
// the table.
arrow::Result<std::shared_ptr<arrow::Schema>> TargetOf(
    const RouteRooms& rooms, const Request& request, Format format,
    const gateway::SessionPtr& session, const gateway::IngestRequest& ingest) {
  const std::shared_ptr<arrow::Schema> none;
  const bool adds = ingest.mode == gateway::IngestMode::kAppend ||
                    ingest.mode == gateway::IngestMode::kCreateOrAppend;
  if (!adds || (format != Format::kCsv && format != Format::kNdjson)) return none;
  auto columns = rooms.gateway.TableSchema(request.call, session, ingest.table);
  if (base::KindOf(columns.status()) == base::ErrorKind::kNotFound) return none;
  return columns;
}

arrow::Result<std::shared_ptr<ObservedReader>> OpenBatches(
    const Request& request, Format format, const columnar::BatchReaderOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto body, DecodedBody(request, options.limits));
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        columnar::OpenBatchReader(format, std::move(body), options));
  ARROW_ASSIGN_OR_RAISE(reader, columnar::Validated(std::move(reader), options.limits));
  return std::make_shared<ObservedReader>(std::move(reader));
}

arrow::Status AnswerIngest(const RouteRooms& rooms, const Request& request,
                           Response& response) {
  ARROW_RETURN_NOT_OK(
      CheckParameters(request, {"format", "mode", "schema", "catalog", "schema_policy",
                                "commit_rows", "chunk_rows"}));
  ARROW_ASSIGN_OR_RAISE(const Format format, FormatOf(request));
  ARROW_ASSIGN_OR_RAISE(const gateway::IngestRequest ingest, IngestRequestOf(request));
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_ASSIGN_OR_RAISE(auto target, TargetOf(rooms, request, format, session, ingest));
  const auto batches = OpenBatches(
      request, format,
      {.limits = rooms.gateway.options().limits, .target = std::move(target)});
  if (!batches.ok()) return BodyRefusal(batches.status());
  const auto result = rooms.gateway.Ingest(request.call, session, ingest, *batches, {});
  if (!result.ok()) {
    return (*batches)->failure().ok() ? result.status() : BodyRefusal(result.status());
  }
  return response.SendJson(200, ResultBody(ingest.table, *result));
}

}  // namespace

Route IngestRoute(const RouteRooms& rooms) {
  return {
      .method = "POST",
      .pattern = "/v1/ingest/{table}",
      .operation =
          {.id = "ingest",
           .tag = "Ingest",
           .summary = "Write rows into a table",
           .description =
               "The body is read as it comes, whatever its length, and validated before "
               "anything is stored. All rows are committed at the end, or none, unless "
               "`commit_rows` is given. The table is made when it is missing.",
           .parameters = R"({"name": "format", "in": "query", "schema": {"enum": ["arrow",
             "arrow-file", "parquet", "csv", "ndjson"]}, "description":
             "Goes before Content-Type"},
             {"name": "mode", "in": "query", "schema": {"enum": ["create_or_append",
             "append", "create", "replace"], "default": "create_or_append"}},
             {"name": "schema", "in": "query", "schema": {"type": "string"}},
             {"name": "catalog", "in": "query", "schema": {"type": "string"}},
             {"name": "schema_policy", "in": "query", "schema": {"enum": ["strict",
             "add_columns", "coerce"]}, "description":
             "What to do with columns that do not fit"},
             {"name": "commit_rows", "in": "query", "schema": {"type": "integer",
             "minimum": 1}, "description": "Commit after this many rows, again and again"},
             {"name": "chunk_rows", "in": "query", "schema": {"type": "integer",
             "minimum": 1, "maximum": 100000000}, "description": "Rows stored at a time"},
             {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["identity",
             "gzip", "zstd"]}},
             {"$ref": "#/components/parameters/IdempotencyKey"},
             {"$ref": "#/components/parameters/Session"},
             {"$ref": "#/components/parameters/RequestId"})",
           .request_body = R"({"required": true, "content": {
             "application/vnd.apache.arrow.stream": {"schema": {"type": "string",
               "format": "binary"}},
             "application/vnd.apache.arrow.file": {"schema": {"type": "string",
               "format": "binary"}},
             "application/vnd.apache.parquet": {"schema": {"type": "string",
               "format": "binary"}},
             "text/csv": {"schema": {"type": "string"}, "example": "id,name\n1,duck\n"},
             "application/x-ndjson": {"schema": {"type": "string"}}}})",
           .responses = R"("200": {"description": "Committed", "content":
             {"application/json": {"schema": {"$ref":
               "#/components/schemas/IngestResult"}}}},
             "400": {"$ref": "#/components/responses/Error"},
             "404": {"$ref": "#/components/responses/Error"},
             "408": {"$ref": "#/components/responses/Error"},
             "409": {"$ref": "#/components/responses/Error"},
             "413": {"$ref": "#/components/responses/Error"},
             "415": {"$ref": "#/components/responses/Error"},
             "429": {"$ref": "#/components/responses/Error"},
             "503": {"$ref": "#/components/responses/Error"})"},
      .handle =
          [rooms](const Request& request, Response& response) {
            return AnswerIngest(rooms, request, response);
          },
      .body = BodyUse::kStream};
}

}  // namespace pintail::http
