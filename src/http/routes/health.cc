// GET /health: the process is alive and its door answers.
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {

Route HealthRoute() {
  return {
      .method = "GET",
      .pattern = "/health",
      .operation = {.id = "health",
                    .tag = "State",
                    .summary = "Whether the server is alive",
                    .description =
                        "Answers 200 as long as the server runs. Asks nothing of the "
                        "database.",
                    .responses =
                        R"("200": {"description": "Alive", "content": {"application/json":
             {"schema": {"type": "object", "properties": {"status": {"const": "ok"}},
             "required": ["status"]}, "example": {"status": "ok"}}}})"},
      .handle =
          [](const Request&, Response& response) {
            return response.SendJson(200, "{\"status\":\"ok\"}\n");
          },
      .lane = Lane::kProbe};
}

}  // namespace pintail::http
