// A source behind an ADBC driver: see engine/source.h for what it promises.
#pragma once

#include <memory>

#include "arrow/result.h"
#include "backend/make_source.h"

namespace pintail::backend {

// InvalidArgument when the options make no sense; whether the source answers is found out
// by its first use.
arrow::Result<std::shared_ptr<BackendSource>> MakeAdbcSource(const SourceOptions& options,
                                                             const SourceRooms& rooms);

}  // namespace pintail::backend
