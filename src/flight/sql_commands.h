// Which commands of Flight SQL each call takes, so that any other is refused by its name.
// Pure functions on bytes that a client sent.
#pragma once

#include <string_view>

#include "arrow/status.h"

namespace pintail::flight {

// OK when `bytes`, a descriptor's command or a ticket, hold a command that `method`
// ("GetFlightInfo", "GetSchema", "DoGet", "DoPut") takes. Otherwise InvalidArgument that
// names the command's type and what the method takes.
arrow::Status CheckSqlCommand(std::string_view method, std::string_view bytes);

}  // namespace pintail::flight
