// What the server says on standard output once it serves: where it listens, and a first
// session to copy and paste. Pure.
#pragma once

#include <string>

#include "ready_file.h"

namespace pintail {

std::string Greeting(const ReadyState& state, const std::string& database_path);

}  // namespace pintail
