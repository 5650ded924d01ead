// GET /metrics: all figures, for Prometheus.
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"

namespace pintail::http {

Route MetricsRoute(const RouteRooms& rooms, std::string pattern) {
  const bool second_name = pattern.ends_with('/');
  return {
      .method = "GET",
      .pattern = std::move(pattern),
      .operation = {.id = "metrics",
                    .tag = "State",
                    .summary = "Figures for Prometheus",
                    .description = "Prometheus text format 0.0.4. `/metrics/` answers "
                                   "the same.",
                    .responses = R"("200": {"description": "All figures", "content":
                          {"text/plain": {"schema": {"type": "string"}}}})"},
      .handle =
          [rooms](const Request&, Response& response) {
            return response.Send(200, "text/plain; version=0.0.4; charset=utf-8",
                                 rooms.metrics.Render());
          },
      .lane = Lane::kProbe,
      .hidden = second_name};
}

}  // namespace pintail::http
