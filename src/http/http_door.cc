#include "http/http_door.h"

#include <utility>

#include "base/metrics.h"
#include "http/document_budget.h"
#include "http/http_server.h"
#include "http/routes/routes.h"

namespace pintail::http {

struct HttpDoor::State {
  State(const Rooms& rooms, HttpOptions given)
      : options(std::move(given)),
        documents(options.document_budget_bytes,
                  rooms.metrics.GetGauge("http_document_bytes",
                                         "Memory taken by JSON and SQL bodies")),
        routes(MakeRoutes({.gateway = rooms.gateway,
                           .clock = rooms.clock,
                           .metrics = rooms.metrics,
                           .options = options,
                           .documents = documents})) {}

  const HttpOptions options;
  DocumentBudget documents;
  const RouteTable routes;
  std::unique_ptr<HttpServer> server;
};

HttpDoor::HttpDoor(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpDoor::~HttpDoor() = default;

arrow::Result<std::unique_ptr<HttpDoor>> HttpDoor::Start(const Rooms& rooms,
                                                         HttpOptions options) {
  auto state = std::make_unique<State>(rooms, std::move(options));
  ARROW_ASSIGN_OR_RAISE(state->server, HttpServer::Start({.clock = rooms.clock,
                                                          .timers = rooms.timers,
                                                          .logs = rooms.logs,
                                                          .metrics = rooms.metrics},
                                                         state->options, state->routes));
  return std::unique_ptr<HttpDoor>(new HttpDoor(std::move(state)));
}

const std::vector<std::string>& HttpDoor::addresses() const {
  return state_->server->addresses();
}

void HttpDoor::Drain() { state_->server->Drain(); }
void HttpDoor::Stop(std::chrono::milliseconds grace) { state_->server->Stop(grace); }

}  // namespace pintail::http
