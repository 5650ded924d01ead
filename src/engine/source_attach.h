// Sources as attached databases. Private to the engine, whose Database attaches them.
// Callable from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "arrow/status.h"
#include "base/clock.h"
#include "duckdb/main/config.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/storage/storage_extension.hpp"
#include "engine/source.h"
#include "engine/source_options.h"

namespace pintail::engine {

class SourceStorage final : public duckdb::StorageExtensionInfo {
 public:
  // Before the database is opened: tells it how sources are attached.
  static std::shared_ptr<SourceStorage> Prepare(duckdb::DBConfig& config,
                                                const base::Clock& clock);
  // Once it is open: adds the functions that plans use.
  static void Install(duckdb::DatabaseInstance& database);

  // AlreadyExists when a database of the name is attached.
  arrow::Status Attach(duckdb::DatabaseInstance& database, std::shared_ptr<Source> source,
                       const SourceOptions& options);
  // NotFound when no source of the name is attached.
  static arrow::Status Detach(duckdb::DatabaseInstance& database,
                              const std::string& name);

  struct Waiting {
    std::shared_ptr<Source> source;
    SourceOptions options;
  };
  // What Attach left for DuckDB to ask for; no source: somebody else attaches.
  Waiting Take(const std::string& name);
  const base::Clock& clock() const { return clock_; }

 private:
  explicit SourceStorage(const base::Clock& clock) : clock_(clock) {}

  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Waiting> waiting_;  // protected by mutex_
};

}  // namespace pintail::engine
