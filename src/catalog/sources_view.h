// The view pintail.sources.
#pragma once

#include <memory>

#include "arrow/status.h"
#include "engine/database.h"

namespace pintail::catalog {

class Sources;

// It shows what is there when it is read; empty once the registry is gone.
arrow::Status AddSourcesView(engine::Database& database, std::weak_ptr<Sources> sources);

}  // namespace pintail::catalog
