// How a source of one type is attached, asked whether it answers, and let go. One for
// each source; the calls are made by one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "catalog/source_definition.h"
#include "engine/database.h"
#include "engine/source.h"

namespace pintail::catalog {

class SourceDriver {
 public:
  virtual ~SourceDriver() = default;
  // Attaches it as a database of the source's name; the schema that its names are looked
  // for in. Blocks as long as connecting takes. Errors may hold secrets.
  virtual arrow::Result<std::string> Attach() = 0;
  virtual arrow::Status Detach() = 0;
  // Whether it answers, within its connect_timeout. Takes none of its connections. From
  // any thread.
  virtual arrow::Status Probe() = 0;
};

// Makes what DuckDB has no extension for: types adbc and redis.
using SourceFactory = std::function<arrow::Result<std::shared_ptr<engine::Source>>(
    const SourceDefinition&)>;

// InvalidArgument for a connection that the type cannot read; Unimplemented for a type
// that needs `factory` when there is none. The database outlives the driver.
arrow::Result<std::unique_ptr<SourceDriver>> MakeSourceDriver(
    engine::Database& database, const SourceDefinition& source,
    const SourceFactory& factory);

// The DuckDB extensions that sources of these types need.
std::vector<std::string> ExtensionsFor(const std::vector<SourceDefinition>& sources);

}  // namespace pintail::catalog
