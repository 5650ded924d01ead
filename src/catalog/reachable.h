// Whether a server answers at an address, found out within a bounded time: what connects
// for real does not always let itself be bounded.
#pragma once

#include <chrono>
#include <string>

#include "arrow/status.h"

namespace pintail::catalog {

// Opens and closes a TCP connection. `host` and `port` may be lists of the same length
// with commas between: one of them has to answer. A path as host, of a socket in the file
// system, always counts as reachable. Unavailable with the reason otherwise.
arrow::Status CheckReachable(const std::string& host, const std::string& port,
                             std::chrono::milliseconds timeout);

}  // namespace pintail::catalog
