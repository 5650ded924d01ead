#include "http/routes/routes.h"

#include <utility>

#include "http/openapi.h"
#include "http/routes/sources.h"

namespace pintail::http {

RouteTable MakeRoutes(const RouteRooms& rooms) {
  RouteTable table;
  table.Add(QueryRoute(rooms));
  table.Add(IngestRoute(rooms));
  table.Add(TablesRoute(rooms));
  table.Add(TableRoute(rooms));
  for (Route& route : SourcesRoutes(rooms)) table.Add(std::move(route));
  table.Add(StreamRoute(rooms));
  table.Add(RegisteredDataTypesRoute());
  table.Add(FastflightStreamRoute());
  table.Add(HealthRoute(rooms));
  table.Add(ReadyRoute(rooms));
  table.Add(MetricsRoute(rooms, "/metrics"));
  table.Add(MetricsRoute(rooms, "/metrics/"));
  table.Add(RootRoute(rooms));
  for (Route& route : DocsRoutes()) table.Add(std::move(route));
  const auto document = std::make_shared<std::string>();
  table.Add(OpenApiRoute(document));
  *document = OpenApiDocument(table, rooms.gateway.options().version);
  return table;
}

}  // namespace pintail::http
