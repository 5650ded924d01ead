// Redis as a source: tables whose rows are hashes, found by their key. See
// engine/source.h for what a source promises.
#pragma once

#include <memory>

#include "arrow/result.h"
#include "backend/make_source.h"

namespace pintail::backend {

// InvalidArgument when the options make no sense.
arrow::Result<std::shared_ptr<BackendSource>> MakeRedisSource(
    const SourceOptions& options, const SourceRooms& rooms);

}  // namespace pintail::backend
