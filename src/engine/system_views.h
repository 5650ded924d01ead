// The read-only views of schema `pintail`, whose rows the server makes whenever one is
// read. Private to the engine. Thread-safe.
//
// They are kept in DuckDB's system catalog, so that nothing of them is in a database
// file. DuckDB looks for a schema in the default database only: a replacement scan, which
// is asked for names that were not found there, leads on to the system catalog.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "arrow/result.h"
#include "arrow/type.h"
#include "duckdb/main/database.hpp"
#include "engine/database.h"

namespace pintail::engine {

class SystemViews {
 public:
  struct View {
    std::shared_ptr<arrow::Schema> schema;
    SystemRows rows;
  };

  // Before the database is opened: puts the replacement scan into its configuration.
  static void Prepare(duckdb::DBConfig& config, std::shared_ptr<SystemViews> views);
  // Once it is open: adds the schema and the table function that the views read.
  static void Install(duckdb::DatabaseInstance& database,
                      std::shared_ptr<SystemViews> views);

  arrow::Status Add(duckdb::DatabaseInstance& database, const std::string& name,
                    View view);
  // Null when there is none. `name` in any case.
  std::shared_ptr<const View> Find(const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  // By name in lower case; protected by mutex_.
  std::map<std::string, std::shared_ptr<const View>> views_;
};

}  // namespace pintail::engine
