// The two routes of the typed service clients. This server has no data services: the list
// of them is empty, and asking one for data is refused.
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {

Route RegisteredDataTypesRoute() {
  return {.method = "GET",
          .pattern = "/fastflight/registered_data_types",
          .operation = {.id = "registeredDataTypes",
                        .tag = "Typed services",
                        .summary = "List the typed data services",
                        .description = "Empty: this version has none.",
                        .responses = R"("200": {"description": "The services", "content":
                          {"application/json": {"schema": {"type": "array", "items":
                          {"type": "object"}}, "example": []}}})"},
          .handle = [](const Request&,
                       Response& response) { return response.SendJson(200, "[]"); },
          .errors = ErrorStyle::kDetail};
}

Route FastflightStreamRoute() {
  return {
      .method = "POST",
      .pattern = "/fastflight/stream",
      .operation = {.id = "fastflightStream",
                    .tag = "Typed services",
                    .summary = "Ask a typed data service for rows",
                    .description = "Always refused: this version has no data services.",
                    .responses = R"("501": {"description": "Not there", "content":
                          {"application/json": {"schema": {"$ref":
                            "#/components/schemas/Detail"}}}})"},
      .handle =
          [](const Request&, Response&) {
            return base::MakeError(
                base::ErrorKind::kUnimplemented,
                "this version of the server has no typed data services, so it cannot "
                "run the one that the request's param_type names; ask with SQL at POST "
                "/v1/query instead");
          },
      .body = BodyUse::kDocument,
      .errors = ErrorStyle::kDetail};
}

}  // namespace pintail::http
