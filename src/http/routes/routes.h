// All routes of the door; a file each.
#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "gateway/gateway.h"
#include "http/options.h"
#include "http/route.h"

namespace pintail::http {

// What handlers may use. All outlive the routes.
struct RouteRooms {
  gateway::Gateway& gateway;
  base::Clock& clock;
  base::Metrics& metrics;
  const HttpOptions& options;
};

Route HealthRoute();
Route ReadyRoute(const RouteRooms& rooms);
Route MetricsRoute(const RouteRooms& rooms, std::string pattern);
Route QueryRoute(const RouteRooms& rooms);

// In the order in which /openapi.json lists them.
RouteTable MakeRoutes(const RouteRooms& rooms);

}  // namespace pintail::http
