// GET /: where to go from here.
#include "http/json_text.h"
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {
namespace {

arrow::Status AnswerRoot(const std::string& version, const Request& request,
                         Response& response) {
  const auto accept = request.head.fields.Find("accept").value_or("");
  response.SetHeader("Vary", "Accept");
  if (accept.find("text/html") != std::string_view::npos) {
    response.SetHeader("Location", "/docs");
    return response.Send(303, "text/plain", "see /docs\n");
  }
  return response.SendJson(200,
                           "{\"name\":\"pintail\",\"version\":" + JsonQuote(version) +
                               ",\"docs\":\"/docs\",\"openapi\":\"/openapi.json\"}\n");
}

}  // namespace

Route RootRoute(const RouteRooms& rooms) {
  return {
      .method = "GET",
      .pattern = "/",
      .operation = {.id = "root",
                    .tag = "Documentation",
                    .summary = "Which server this is",
                    .description = "A browser is sent on to `/docs`.",
                    .responses =
                        R"("200": {"description": "Name, version and where to read on",
                 "content": {"application/json": {"schema": {"type": "object",
                 "properties": {"name": {"const": "pintail"}, "version": {"type":
                 "string"}, "docs": {"type": "string"}, "openapi": {"type": "string"}},
                 "required": ["name", "version", "docs", "openapi"]}}}},
                 "303": {"description": "To the documentation"})"},
      .handle =
          [version = rooms.gateway.options().version](const Request& request,
                                                      Response& response) {
            return AnswerRoot(version, request, response);
          },
      .lane = Lane::kProbe,
      .page = true};
}

}  // namespace pintail::http
