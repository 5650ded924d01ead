// Handles: the names by which a client finds again what the server keeps for it.
#pragma once

#include <string>

#include "arrow/result.h"

namespace pintail::gateway {

// 128 bits from the kernel's generator as 32 hexadecimal digits: knowing other handles
// tells nothing about this one.
arrow::Result<std::string> NewHandle();

}  // namespace pintail::gateway
