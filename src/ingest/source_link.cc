#include "ingest/source_link.h"

#include <utility>

#include "base/error.h"
#include "catalog/text_rows.h"
#include "engine/names.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;

// A shipment is small, and the server's own database needs the memory.
constexpr int64_t kMemoryBytes = int64_t{512} << 20;

}  // namespace

arrow::Result<engine::Connection*> SourceLink::Connect() {
  if (!connection_) ARROW_RETURN_NOT_OK(Open());
  return connection_.get();
}

arrow::Result<std::string> SourceLink::FindAttached(engine::Connection& own) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(own,
                        "SELECT path, type FROM duckdb_databases() WHERE "
                        "lower(database_name) = lower($1) AND NOT internal",
                        {source_}));
  if (rows.empty()) {
    return base::MakeError(ErrorKind::kUnavailable, "there is no source ",
                           engine::QuoteName(source_),
                           "; rows are kept until it is attached again");
  }
  type_ = rows[0][1].value_or("");
  return rows[0][0].value_or("");
}

arrow::Status SourceLink::Open() {
  ARROW_ASSIGN_OR_RAISE(auto own, ground_.database.Connect());
  type_ = ground_.sources ? ground_.sources->TypeOf(source_) : "";
  const bool is_kept = !type_.empty();
  std::string path;
  if (!is_kept) {
    ARROW_ASSIGN_OR_RAISE(path, FindAttached(*own));
  }
  // A file of DuckDB's can be open once in a process.
  const bool shares = type_ == "duckdb" || type_ == "motherduck";
  if (!shares) {
    ARROW_ASSIGN_OR_RAISE(
        database_,
        engine::Database::Open({.memory_limit_bytes = kMemoryBytes,
                                .threads = 1,
                                .extension_directory = ground_.extension_directory}));
    ARROW_ASSIGN_OR_RAISE(own, database_->Connect());
    const arrow::Status attached =
        is_kept ? ground_.sources->AttachTo(*database_, source_) : Mirror(*own, path);
    if (!attached.ok()) {
      own.reset();
      database_.reset();
      return attached;
    }
  }
  const std::lock_guard lock(mutex_);
  connection_ = std::move(own);
  return arrow::Status::OK();
}

arrow::Status SourceLink::Mirror(engine::Connection& to, const std::string& path) {
  return to
      .Run("ATTACH " + engine::QuoteText(path) + " AS " + engine::QuoteName(source_) +
           " (TYPE " + engine::QuoteName(type_) + ")")
      .status();
}

void SourceLink::Drop() {
  std::unique_ptr<engine::Connection> connection;
  {
    const std::lock_guard lock(mutex_);
    connection = std::move(connection_);
  }
  connection.reset();
  database_.reset();
}

void SourceLink::Interrupt() {
  const std::lock_guard lock(mutex_);
  if (connection_) connection_->Interrupt();
}

}  // namespace pintail::ingest
