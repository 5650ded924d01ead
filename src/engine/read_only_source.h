// A source that is only read, whoever asks: its sessions refuse what changes something
// with PermissionDenied, and queries are sent where they can only be read.
#pragma once

#include <memory>

#include "engine/source.h"

namespace pintail::engine {

// Never null; holds the source.
std::shared_ptr<Source> ReadOnly(std::shared_ptr<Source> source);

}  // namespace pintail::engine
