// GET /health: the process is alive and its door answers; what it warns of.
#include "http/json_text.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {
namespace {

arrow::Status AnswerHealth(const RouteRooms& rooms, Response& response) {
  std::string warnings;
  for (const std::string& warning : rooms.gateway.Warnings()) {
    warnings += (warnings.empty() ? "" : ",") + JsonQuote(warning);
  }
  return response.SendJson(200, R"({"status":"ok","warnings":[)" + warnings + "]}\n");
}

}  // namespace

Route HealthRoute(const RouteRooms& rooms) {
  return {
      .method = "GET",
      .pattern = "/health",
      .operation = {.id = "health",
                    .tag = "State",
                    .summary = "Whether the server is alive, and what it warns of",
                    .description =
                        "Answers 200 as long as the server runs. Asks nothing of the "
                        "database. Warnings are for people: rows that have arrived wait "
                        "too long for their tables or cannot be stored, the journal is "
                        "nearly full or cannot be written.",
                    .responses =
                        R"("200": {"description": "Alive", "content": {"application/json":
             {"schema": {"type": "object", "properties": {"status": {"const": "ok"},
             "warnings": {"type": "array", "items": {"type": "string"}}},
             "required": ["status", "warnings"]},
             "example": {"status": "ok", "warnings": []}}}})"},
      .handle = [rooms](const Request&,
                        Response& response) { return AnswerHealth(rooms, response); },
      .lane = Lane::kProbe};
}

}  // namespace pintail::http
