// GET /openapi.json: the routes, described for programs.
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {

Route OpenApiRoute(std::shared_ptr<const std::string> document) {
  return {.method = "GET",
          .pattern = "/openapi.json",
          .operation = {.id = "openapi",
                        .tag = "Documentation",
                        .summary = "This document",
                        .responses = R"("200": {"description": "OpenAPI 3.1", "content":
                          {"application/json": {"schema": {"type": "object"}}}})"},
          .handle = [document = std::move(document)](
                        const Request&,
                        Response& response) { return response.SendJson(200, *document); },
          .lane = Lane::kProbe};
}

}  // namespace pintail::http
