// Makes sources of the types that this room implements.
#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"
#include "backend/breaker.h"
#include "backend/pool.h"
#include "backend/source_options.h"
#include "base/clock.h"
#include "base/timers.h"
#include "engine/source.h"

namespace pintail::backend {

// What a source stands on; outlives it and everything that was made by it.
struct SourceRooms {
  const base::Clock& clock;
  base::Timers& timers;
  // Folder of the ADBC drivers that came with the program; empty: none did.
  std::string adbc_drivers;
};

// A source and what there is to watch of it. Thread-safe.
class BackendSource : public engine::Source {
 public:
  virtual PoolFigures pool_figures() const = 0;
  virtual Reachability reachability() const = 0;
};

// Connects to nothing yet, so a source that is down can be made. InvalidArgument for a
// type that is not known, and for options that make no sense; secrets are not in errors.
arrow::Result<std::shared_ptr<BackendSource>> MakeSource(const SourceOptions& options,
                                                         const SourceRooms& rooms);

}  // namespace pintail::backend
