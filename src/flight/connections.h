// Which clients are connected, as the operating system knows it: gRPC does not say when a
// connection ends. Pure function of the system's state; Linux.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "arrow/result.h"

namespace pintail::flight {

// The far ends of all established connections to these local ports, written as gRPC
// writes a call's peer ("ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711"). Unimplemented
// where the system does not tell.
arrow::Result<std::set<std::string>> ConnectedPeers(const std::set<uint16_t>& ports);

// The same from the text of /proc/net/tcp or /proc/net/tcp6, added to `peers`.
void AddConnectedPeers(std::string_view table, const std::set<uint16_t>& ports,
                       std::set<std::string>* peers);

}  // namespace pintail::flight
