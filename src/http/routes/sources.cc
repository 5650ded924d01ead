// /v1/sources: which outside databases there are, and making, changing and dropping them.
// Each route runs the statement that does the same in SQL, so rights, checks, effects and
// what is remembered of it are those of the statement.
#include "http/routes/sources.h"

#include "arrow/io/memory.h"
#include "columnar/batch_writer.h"
#include "http/known_parameters.h"
#include "http/query_document.h"
#include "http/request.h"
#include "http/response.h"
#include "http/source_document.h"

namespace pintail::http {
namespace {

using base::ErrorKind;

// A list of objects, or the objects a line each.
arrow::Result<std::string> RowsOf(const RouteRooms& rooms, const Request& request,
                                  const gateway::SessionPtr& session,
                                  const std::string& sql, columnar::Format format) {
  ARROW_ASSIGN_OR_RAISE(auto result,
                        rooms.gateway.Execute(request.call, session, {.sql = sql}));
  ARROW_ASSIGN_OR_RAISE(auto body, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(
      auto writer, columnar::MakeBatchWriter(format, result.rows->schema(), body.get()));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, result.rows->Next());
    if (!batch) break;
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto bytes, body->Finish());
  return bytes->ToString();
}

arrow::Status AnswerList(const RouteRooms& rooms, const Request& request,
                         Response& response) {
  ARROW_RETURN_NOT_OK(CheckParameters(request, {}));
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_ASSIGN_OR_RAISE(
      const std::string rows,
      RowsOf(rooms, request, session, "SELECT * FROM pintail.sources ORDER BY name",
             columnar::Format::kJson));
  return response.SendJson(200, "{\"sources\":" + rows + "}\n");
}

// The source as pintail.sources shows it.
arrow::Status AnswerWithSource(const RouteRooms& rooms, const Request& request,
                               const gateway::SessionPtr& session,
                               const std::string& name, int http_status,
                               Response& response) {
  ARROW_ASSIGN_OR_RAISE(
      const std::string row,
      RowsOf(rooms, request, session,
             "SELECT * FROM pintail.sources WHERE lower(name) = lower(" +
                 QuoteSqlText(name) + ")",
             columnar::Format::kNdjson));
  if (row.empty()) {
    return base::MakeError(ErrorKind::kNotFound, "there is no source \"", name,
                           "\"; GET /v1/sources lists them");
  }
  return response.SendJson(http_status, row);
}

arrow::Status AnswerOne(const RouteRooms& rooms, const Request& request,
                        Response& response) {
  ARROW_RETURN_NOT_OK(CheckParameters(request, {}));
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  return AnswerWithSource(rooms, request, session, request.path_values.at("name"), 200,
                          response);
}

arrow::Result<SourceDocument> ReadSource(const RouteRooms& rooms,
                                         const Request& request) {
  if (request.MediaType() != "application/json") {
    return Refusal(415, "unsupported_media_type",
                   "the Content-Type is \"" + request.MediaType() +
                       "\"; send the source as application/json");
  }
  DocumentBudget::Share memory(rooms.documents);
  const columnar::Limits& limits = rooms.gateway.options().limits;
  ARROW_ASSIGN_OR_RAISE(const Document document,
                        ReadDocument(request, limits, rooms.options.max_document_bytes,
                                     JsonPadding(), memory));
  ARROW_RETURN_NOT_OK(memory.Grow(ParsedBytes(document)));
  ARROW_ASSIGN_OR_RAISE(
      SourceDocument source,
      ParseSourceDocument(document, static_cast<size_t>(limits.max_nesting)));
  const auto named = request.path_values.find("name");
  if (named == request.path_values.end()) {
    if (source.name.empty()) {
      return base::MakeError(ErrorKind::kInvalidArgument,
                             "the source needs a \"name\" and a \"type\"");
    }
    return source;
  }
  if (!source.name.empty() && source.name != named->second) {
    return base::MakeError(ErrorKind::kInvalidArgument, "the path names the source \"",
                           named->second, "\", the document \"", source.name,
                           "\"; a source keeps its name: make another one");
  }
  source.name = named->second;
  return source;
}

// Makes it, as POST or PUT do.
arrow::Status AnswerCreate(const RouteRooms& rooms, const Request& request,
                           bool or_replace, Response& response) {
  ARROW_RETURN_NOT_OK(CheckParameters(request, {}));
  ARROW_ASSIGN_OR_RAISE(const SourceDocument source, ReadSource(rooms, request));
  if (source.type.empty()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "the source \"", source.name,
                           "\" needs a \"type\": postgres, mysql, sqlite, duckdb, "
                           "motherduck, adbc or redis");
  }
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_RETURN_NOT_OK(
      rooms.gateway
          .Execute(request.call, session, {.sql = CreateSourceText(source, or_replace)})
          .status());
  return AnswerWithSource(rooms, request, session, source.name, or_replace ? 200 : 201,
                          response);
}

arrow::Status AnswerAlter(const RouteRooms& rooms, const Request& request,
                          Response& response) {
  ARROW_RETURN_NOT_OK(CheckParameters(request, {}));
  ARROW_ASSIGN_OR_RAISE(const SourceDocument source, ReadSource(rooms, request));
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_RETURN_NOT_OK(
      rooms.gateway.Execute(request.call, session, {.sql = AlterSourceText(source)})
          .status());
  return AnswerWithSource(rooms, request, session, source.name, 200, response);
}

arrow::Status AnswerDrop(const RouteRooms& rooms, const Request& request,
                         Response& response) {
  ARROW_RETURN_NOT_OK(CheckParameters(request, {}));
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_RETURN_NOT_OK(
      rooms.gateway
          .Execute(request.call, session,
                   {.sql = DropSourceText(request.path_values.at("name"))})
          .status());
  response.SetStatus(204);
  return arrow::Status::OK();
}

constexpr std::string_view kParameters =
    R"({"$ref": "#/components/parameters/Session"},
       {"$ref": "#/components/parameters/RequestId"})";

constexpr std::string_view kBody = R"({"required": true, "content": {"application/json":
  {"schema": {"$ref": "#/components/schemas/SourceDefinition"}, "example": {"name": "shop",
   "type": "postgres", "connection": "postgresql://db.example:5432/shop", "username":
   "pintail", "password": "…", "options": {"sslmode": "require"}}}}})";

std::string Responses(std::string_view ok) {
  return std::string(ok) + R"(,
    "400": {"$ref": "#/components/responses/Error"},
    "403": {"$ref": "#/components/responses/Error"},
    "404": {"$ref": "#/components/responses/Error"},
    "409": {"$ref": "#/components/responses/Error"},
    "413": {"$ref": "#/components/responses/Error"},
    "415": {"$ref": "#/components/responses/Error"},
    "429": {"$ref": "#/components/responses/Error"},
    "501": {"$ref": "#/components/responses/Error"},
    "503": {"$ref": "#/components/responses/Error"})";
}

constexpr std::string_view kOne = R"("200": {"description": "The source", "content":
  {"application/json": {"schema": {"$ref": "#/components/schemas/Source"}}}})";

Route SourceRoute(std::string method, std::string pattern, Operation operation,
                  std::function<arrow::Status(const Request&, Response&)> handle) {
  const bool has_body = !operation.request_body.empty();
  operation.tag = "Sources";
  operation.parameters = kParameters;
  return {.method = std::move(method),
          .pattern = std::move(pattern),
          .operation = std::move(operation),
          .handle = std::move(handle),
          .body = has_body ? BodyUse::kDocument : BodyUse::kNone};
}

}  // namespace

std::vector<Route> SourcesRoutes(const RouteRooms& rooms) {
  const std::string all = "/v1/sources";
  const std::string one = "/v1/sources/{name}";
  std::vector<Route> routes;
  routes.push_back(SourceRoute(
      "GET", all,
      {.id = "sources",
       .summary = "List the outside databases",
       .responses = Responses(R"("200": {"description": "The sources, by name", "content":
         {"application/json": {"schema": {"type": "object", "required": ["sources"],
          "properties": {"sources": {"type": "array", "items": {"$ref":
          "#/components/schemas/Source"}}}}}}})")},
      [rooms](const Request& request, Response& response) {
        return AnswerList(rooms, request, response);
      }));
  routes.push_back(SourceRoute(
      "POST", all,
      {.id = "create_source",
       .summary = "Make a source, as CREATE SOURCE does",
       .description = "One whose server does not answer is made all the same, and tried "
                      "again by itself: see `state`.",
       .request_body = std::string(kBody),
       .responses = Responses(R"("201": {"description": "The new source", "content":
         {"application/json": {"schema": {"$ref": "#/components/schemas/Source"}}}})")},
      [rooms](const Request& request, Response& response) {
        return AnswerCreate(rooms, request, /*or_replace=*/false, response);
      }));
  routes.push_back(SourceRoute("GET", one,
                               {.id = "source",
                                .summary = "Show a source, without its secrets",
                                .responses = Responses(kOne)},
                               [rooms](const Request& request, Response& response) {
                                 return AnswerOne(rooms, request, response);
                               }));
  routes.push_back(SourceRoute(
      "PUT", one,
      {.id = "replace_source",
       .summary = "Make or replace a source, as CREATE OR REPLACE SOURCE does",
       .request_body = std::string(kBody),
       .responses = Responses(kOne)},
      [rooms](const Request& request, Response& response) {
        return AnswerCreate(rooms, request, /*or_replace=*/true, response);
      }));
  routes.push_back(
      SourceRoute("PATCH", one,
                  {.id = "alter_source",
                   .summary = "Change what is given of a source, as ALTER SOURCE does",
                   .request_body = std::string(kBody),
                   .responses = Responses(kOne)},
                  [rooms](const Request& request, Response& response) {
                    return AnswerAlter(rooms, request, response);
                  }));
  routes.push_back(
      SourceRoute("DELETE", one,
                  {.id = "drop_source",
                   .summary = "Drop a source, as DROP SOURCE does",
                   .description = "Nothing changes in the database that it stands for.",
                   .responses = Responses(R"("204": {"description": "It is gone"})")},
                  [rooms](const Request& request, Response& response) {
                    return AnswerDrop(rooms, request, response);
                  }));
  return routes;
}

}  // namespace pintail::http
