// The OpenAPI document, put together from the routes themselves. Pure function.
#pragma once

#include <string>
#include <string_view>

#include "http/route.h"

namespace pintail::http {

// OpenAPI 3.1, as JSON, of every route that is not hidden.
std::string OpenApiDocument(const RouteTable& routes, std::string_view version);

}  // namespace pintail::http
