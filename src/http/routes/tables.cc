// GET /v1/tables: which tables and views there are.
#include <string_view>

#include "arrow/io/interfaces.h"
#include "columnar/batch_writer.h"
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {
namespace {

arrow::Status AnswerTables(const RouteRooms& rooms, const Request& request,
                           Response& response) {
  gateway::TableFilter filter{.catalog = request.QueryValue("catalog"),
                              .schema_pattern = request.QueryValue("schema"),
                              .table_pattern = request.QueryValue("name")};
  if (const auto type = request.QueryValue("type")) filter.types.push_back(*type);
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        rooms.gateway.Tables(request.call, session, filter));
  response.SetHeader("Content-Type", "application/json");
  arrow::io::OutputStream& body = *response.body();
  ARROW_RETURN_NOT_OK(body.Write(std::string_view("{\"tables\":")));
  ARROW_ASSIGN_OR_RAISE(auto writer, columnar::MakeBatchWriter(columnar::Format::kJson,
                                                               rows->schema(), &body));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (!batch) break;
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  return body.Write(std::string_view("}\n"));
}

}  // namespace

Route TablesRoute(const RouteRooms& rooms) {
  return {
      .method = "GET",
      .pattern = "/v1/tables",
      .operation = {.id = "tables",
                    .tag = "Catalog",
                    .summary = "List tables and views",
                    .parameters = R"({"name": "catalog", "in": "query", "schema": {"type":
                 "string"}},
                 {"name": "schema", "in": "query", "schema": {"type": "string"},
                 "description": "A pattern with % and _"},
                 {"name": "name", "in": "query", "schema": {"type": "string"},
                 "description": "A pattern with % and _"},
                 {"name": "type", "in": "query", "schema": {"type": "string"}, "example":
                 "TABLE"},
                 {"$ref": "#/components/parameters/Session"},
                 {"$ref": "#/components/parameters/RequestId"})",
                    .responses = R"("200": {"description": "The tables", "content":
                 {"application/json": {"schema": {"type": "object", "properties":
                 {"tables": {"type": "array", "items": {"$ref":
                   "#/components/schemas/Table"}}}, "required": ["tables"]}}}})"},
      .handle = [rooms](const Request& request, Response& response) {
        return AnswerTables(rooms, request, response);
      }};
}

}  // namespace pintail::http
