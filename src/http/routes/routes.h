// All routes of the door; a file each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "gateway/gateway.h"
#include "http/document_budget.h"
#include "http/options.h"
#include "http/route.h"

namespace pintail::http {

// What handlers may use. All outlive the routes.
struct RouteRooms {
  gateway::Gateway& gateway;
  base::Clock& clock;
  base::Metrics& metrics;
  const HttpOptions& options;
  DocumentBudget& documents;
};

Route StreamRoute(const RouteRooms& rooms);
Route IngestRoute(const RouteRooms& rooms);
Route QueryRoute(const RouteRooms& rooms);
Route TablesRoute(const RouteRooms& rooms);
Route TableRoute(const RouteRooms& rooms);
Route RegisteredDataTypesRoute();
Route FastflightStreamRoute();
Route HealthRoute(const RouteRooms& rooms);
Route ReadyRoute(const RouteRooms& rooms);
Route MetricsRoute(const RouteRooms& rooms, std::string pattern);
// `document` is filled in once all routes are known.
Route OpenApiRoute(std::shared_ptr<const std::string> document);
std::vector<Route> DocsRoutes();
Route RootRoute(const RouteRooms& rooms);

// In the order in which /openapi.json lists them.
RouteTable MakeRoutes(const RouteRooms& rooms);

}  // namespace pintail::http
