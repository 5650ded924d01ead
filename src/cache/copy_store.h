// The copies in the database: their tables in the schema pintail_copies, and what is
// known of each. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "arrow/result.h"
#include "base/clock.h"
#include "cache/copy_table.h"
#include "engine/connection.h"
#include "engine/database.h"

namespace pintail::cache {

// What the database has of a copy.
struct StoredCopy {
  std::string definition;
  base::Clock::Wall as_of;
  std::chrono::milliseconds duration{0};
  int64_t rows = 0;
  int64_t bytes = 0;     // of the values, about
  bool written = false;  // Pintail changed what it is a copy of since
};

class CopyStore {
 public:
  // Another one for what an Open has made.
  static arrow::Result<std::unique_ptr<CopyStore>> Connect(engine::Database& database);
  // Whether the database has the schema, of this run or an earlier one.
  static arrow::Result<bool> IsThere(engine::Database& database);
  // Makes the schema and its tables when they are missing.
  static arrow::Result<std::unique_ptr<CopyStore>> Open(engine::Database& database);

  arrow::Result<std::map<std::string, StoredCopy>> Read();
  // Drops the copy's table and what is known of it.
  arrow::Status Drop(const std::string& copy);
  // Notes, in a transaction of its own, that the source's table is about to be changed.
  arrow::Status NoteWrite(const std::string& copy);

  struct Fill {
    const CopyTable& table;
    bool append = false;  // else all rows anew
    base::Clock::Wall as_of;
    base::Clock::Steady as_of_steady;
    const base::Clock& clock;
    std::stop_token stop;
  };
  // Reads the source and gives the copy its rows, in one transaction.
  arrow::Result<StoredCopy> Refill(const Fill& fill);

 private:
  explicit CopyStore(engine::Database& database) : database_(database) {}
  std::string Place(const std::string& table) const;
  arrow::Status Run(const std::string& sql, std::stop_token stop = {});
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Row(const std::string& sql);
  arrow::Result<StoredCopy> Load(const Fill& fill);
  arrow::Result<std::string> Conditions(const Fill& fill);
  arrow::Result<int64_t> BytesOf(const std::string& copy, int64_t rows);

  engine::Database& database_;
  std::string main_;
  std::unique_ptr<engine::Connection> connection_;
};

}  // namespace pintail::cache
