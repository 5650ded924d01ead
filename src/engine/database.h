// The embedded DuckDB: one open database, from which connections are leased.
//
// Owned by the server, outlives every connection. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/type_fwd.h"
#include "base/clock.h"
#include "engine/attach.h"
#include "engine/source_options.h"
#include "engine/statement_use.h"
#include "engine/system_function.h"

namespace pintail::engine {

class Connection;
class SourceGuard;
class Source;
class Tails;

using SystemRows = std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>()>;

struct DatabaseOptions {
  std::string path = ":memory:";  // or a file; missing parent folders are made
  std::optional<int64_t> memory_limit_bytes;  // unset: DuckDB's own default (80 % of RAM)
  std::optional<int64_t> threads;             // unset: one per core
  std::optional<std::string> temp_directory;  // unset: beside the file
  std::string extension_directory;  // signed extensions that came with the bundle
  // Whether SQL may read and write files, load extensions and attach databases.
  bool external_access = true;
  int64_t max_expression_depth = 1'000;
  // Extensions that are loaded at once, because later external_access forbids it.
  std::vector<std::string> extensions;
  // Tells the age of rows that wait. Unset: the machine's own.
  const base::Clock* clock = nullptr;
};

// DuckDB's own figures, for metrics. Bytes.
struct DatabaseFigures {
  int64_t memory_bytes = 0;
  int64_t memory_limit_bytes = 0;
  int64_t temporary_storage_bytes = 0;
  int64_t database_bytes = 0;
  int64_t wal_bytes = 0;
};

class Database {
 public:
  // Unavailable (with the path and what to do) when the file cannot be opened: a folder
  // that is not writable, a file of another program or of a newer version, a file that
  // another process or this one has open. The file is never changed or removed on
  // failure.
  static arrow::Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A new connection with the database's default settings.
  arrow::Result<std::unique_ptr<Connection>> Connect();
  // Writes the log into the database file. While other transactions write it is a
  // Conflict; with `force` they are waited for, and new ones wait in turn.
  arrow::Status Checkpoint(bool force = false);
  arrow::Result<DatabaseFigures> Figures();
  // Rows that have arrived for tables and wait to be put into them.
  Tails& tails();
  // Tells of every change by any connection and of rows that are added to tails: once it
  // can be seen, before its client hears of it; also of a commit that failed, as it may
  // have happened elsewhere. From any thread; has to be quick. Null: nobody is told.
  void OnChange(std::function<void(const DataChange&)> listener);
  // Tells that listener of a change that was made past this database: to a source, on a
  // connection of the server's own. Names have all parts.
  void TellChange(const DataChange& change);
  std::string version() const;  // of DuckDB: "v1.5.5"

  // Adds a read-only view `pintail.<name>` whose rows `rows` makes whenever it is read
  // (from any DuckDB thread; it must be quick). It lives in DuckDB's system catalog, so
  // nothing of it is in the database file.
  arrow::Status AddSystemView(const std::string& name,
                              std::shared_ptr<arrow::Schema> schema, SystemRows rows);

  // Adds a function `pintail.<name>(…)` that SELECT … FROM and CALL find from any default
  // database and schema. InvalidArgument when DuckDB has no type for something in it.
  arrow::Status AddSystemFunction(const std::string& name, SystemFunction function);
  // Whom to ask about sources; connections made from now on do. Held weakly.
  void SetSources(std::weak_ptr<SourceGuard> guard);
  // Attaches an outside database, also when clients may not; gives the schema that its
  // names are looked for in. Blocks for as long as connecting takes.
  arrow::Result<std::string> Attach(const AttachRequest& request);
  // OK when it is not attached. Statements that use it go on.
  arrow::Status Detach(const std::string& name);
  // Runs one statement on a connection of its own and drops its rows.
  arrow::Status Run(const std::string& sql);
  // What the database itself is called in statements.
  std::string name() const;

  // Attaches the source as a database of its name; nothing is asked of it yet. From now
  // on statements find `name.schema.table`. AlreadyExists when a database has the name.
  arrow::Status AttachSource(std::shared_ptr<Source> source,
                             const SourceOptions& options = {});
  // Statements and transactions that use it go on; new ones do not find it. The source
  // itself goes with the last of them. NotFound.
  arrow::Status DetachSource(const std::string& name);

  struct State;

 private:
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pintail::engine
