#include "http/routes/routes.h"

namespace pintail::http {

RouteTable MakeRoutes(const RouteRooms& rooms) {
  RouteTable table;
  table.Add(QueryRoute(rooms));
  table.Add(HealthRoute());
  table.Add(ReadyRoute(rooms));
  table.Add(MetricsRoute(rooms, "/metrics"));
  table.Add(MetricsRoute(rooms, "/metrics/"));
  return table;
}

}  // namespace pintail::http
