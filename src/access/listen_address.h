// Where a listener may be opened. Pure functions; may ask the name resolver.
#pragma once

#include <string>

#include "arrow/status.h"

namespace pintail::access {

// Whether a listener on `host` (a name, an IPv4 or IPv6 address, the latter with or
// without brackets; empty: every interface) may be opened. Without authentication only
// addresses that no other machine reaches are allowed: a name has to resolve to loopback
// addresses alone. PermissionDenied in one line that says what to do; InvalidArgument
// when the host cannot be resolved.
arrow::Status CheckListenAddress(const std::string& host, bool has_authentication);

}  // namespace pintail::access
