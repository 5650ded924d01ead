// The names of ingest modes, one set of them for every door.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/gateway.h"

namespace pintail::gateway {

// "append", "create", "replace", or "create_or_append" in any of the ways that ADBC, REST
// and the command line spell it. Nothing for another name.
std::optional<IngestMode> FindIngestMode(std::string_view name);

}  // namespace pintail::gateway
