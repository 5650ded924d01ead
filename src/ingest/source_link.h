// A connection on which a source is attached under its name, for one who writes to it.
// Used by one thread at a time, except Interrupt.
//
// DuckDB takes an instance for broken when an extension fails in the middle of its work
// (PostgreSQL's does when the server ends in a COPY). So this is an instance of its own,
// in memory, that is thrown away after a failure; the server's database stays out of it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "arrow/result.h"
#include "catalog/sources.h"
#include "engine/connection.h"
#include "engine/database.h"

namespace pintail::ingest {

class SourceLink {
 public:
  struct Ground {
    engine::Database& database;  // the server's own; outlives the link
    std::string extension_directory;
    // Those that the server keeps; null: there are none. Others are attached as they are
    // in the server's own database now.
    const catalog::Sources* sources = nullptr;
  };

  SourceLink(Ground ground, std::string source)
      : ground_(std::move(ground)), source_(std::move(source)) {}
  ~SourceLink() { Drop(); }
  SourceLink(const SourceLink&) = delete;
  SourceLink& operator=(const SourceLink&) = delete;

  const std::string& source() const { return source_; }
  // What DuckDB calls the type of the source; empty until it was connected to.
  const std::string& type() const { return type_; }

  // The connection, made when there is none; outside of a transaction. Unavailable when
  // there is no such source, or it cannot be reached.
  arrow::Result<engine::Connection*> Connect();
  // Tells the server's own database what was changed through the link: it cannot see it.
  void TellChange(const engine::DataChange& change) const {
    ground_.database.TellChange(change);
  }
  // Forgets the connection, and what was not committed on it.
  void Drop();
  // Makes what runs on the connection stop. From any thread.
  void Interrupt();

 private:
  arrow::Status Open();
  // What a client has attached under the name, as it is.
  arrow::Result<std::string> FindAttached(engine::Connection& own);
  arrow::Status Mirror(engine::Connection& to, const std::string& path);

  const Ground ground_;
  const std::string source_;
  std::string type_;
  std::unique_ptr<engine::Database> database_;  // null: the server's own is used
  std::mutex mutex_;
  std::unique_ptr<engine::Connection> connection_;  // changed under mutex_
};

}  // namespace pintail::ingest
