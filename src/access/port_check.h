// Whether a port is free before anything is opened or made on account of it.
#pragma once

#include <string>

#include "arrow/status.h"

namespace pintail::access {

struct WantedPort {
  std::string host;  // a name or an address, the latter without brackets
  int port = 0;      // 0: any free one
  std::string door;  // "Flight" or "HTTP", for the error
  std::string flag;  // where another address can be given
};

// Binds the address and lets it go at once. Unavailable, saying what to do, when another
// program listens there or the system does not give the address; OK for port 0 and for a
// name that cannot be resolved, which is the listener's to refuse. Another program may
// still take the port between this and the listener's own bind.
arrow::Status CheckPortIsFree(const WantedPort& wanted);

}  // namespace pintail::access
