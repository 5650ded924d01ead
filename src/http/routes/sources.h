// The routes of /v1/sources, which stand for statements about sources.
#pragma once

#include <vector>

#include "http/route.h"
#include "http/routes/routes.h"

namespace pintail::http {

std::vector<Route> SourcesRoutes(const RouteRooms& rooms);

}  // namespace pintail::http
