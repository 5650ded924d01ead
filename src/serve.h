// Runs a server as this process: signals, open file limit, ready file, the words at the
// start. The only place that handles signals for the server.
#pragma once

#include <string>

#include "arrow/status.h"
#include "config/settings.h"

namespace pintail {

// Serves until SIGTERM, SIGINT or SIGHUP, then drains and returns. A second signal ends
// the process at once with code 1. Blocks these signals in the calling thread, which must
// be the only one so far.
arrow::Status Serve(const config::Settings& settings);

// The folder of the ADBC drivers that came with the program; empty: none did.
std::string DriverFolder();

}  // namespace pintail
