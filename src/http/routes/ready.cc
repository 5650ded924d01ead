// GET /ready: the server can do its work; it runs a query to find out.
#include "http/json_text.h"
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {
namespace {

arrow::Status AnswerReady(const RouteRooms& rooms, const Request& request,
                          Response& response) {
  const arrow::Status ready = rooms.gateway.CheckReady(request.call);
  if (ready.ok()) return response.SendJson(200, "{\"status\":\"ready\"}\n");
  return response.SendJson(
      503, "{\"status\":\"not_ready\",\"reason\":" + JsonQuote(ready.message()) + "}\n");
}

}  // namespace

Route ReadyRoute(const RouteRooms& rooms) {
  return {
      .method = "GET",
      .pattern = "/ready",
      .operation = {.id = "ready",
                    .tag = "State",
                    .summary = "Whether the server can take work",
                    .description = "Runs a query. 503 while the server starts or cannot "
                                   "reach its database.",
                    .responses =
                        R"("200": {"description": "Ready", "content": {"application/json":
             {"schema": {"type": "object", "properties": {"status": {"const": "ready"}},
             "required": ["status"]}, "example": {"status": "ready"}}}},
             "503": {"description": "Not ready", "content": {"application/json": {"schema":
             {"type": "object", "properties": {"status": {"const": "not_ready"},
             "reason": {"type": "string"}}, "required": ["status", "reason"]}}}})"},
      .handle = [rooms](
                    const Request& request,
                    Response& response) { return AnswerReady(rooms, request, response); },
      .lane = Lane::kProbe};
}

}  // namespace pintail::http
