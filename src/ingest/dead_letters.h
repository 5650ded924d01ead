// Rows that a source will not take: kept in pintail_journal.dead_letters of the server's
// database, with the reason. One per server; thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/clock.h"
#include "engine/connection.h"
#include "engine/database.h"
#include "engine/names.h"
#include "ingest/write_through.h"

namespace pintail::ingest {

class DeadLetters {
 public:
  // Makes the table if it is not there, the view pintail.dead_letters, which has the
  // newest `most` letters, and the function pintail.dead_letters_clear. The database and
  // the clock outlive this object, the view and the function.
  static arrow::Result<std::shared_ptr<DeadLetters>> Open(engine::Database& database,
                                                          const base::Clock& clock,
                                                          size_t most = 10'000);

  // Stores row `place.part` of the record after `place.position`, which is the only row
  // of the batch. Does nothing when it is there: a crash came before the source was told.
  arrow::Status Add(const WriteThrough& what, const Place& place,
                    const arrow::RecordBatch& row, const std::string& reason);

  // Forgets the letters of the table (as the view names it, or without its quotes; empty:
  // of all tables) whose position is at most `up_to`. How many there were.
  arrow::Result<int64_t> Clear(const std::string& table, std::optional<uint64_t> up_to);

  // For the table, of all that were not cleared.
  int64_t CountOf(const engine::TableName& table) const;

 private:
  struct Letter {
    std::string table;
    std::string target;
    Place place;
    base::Clock::Wall time;
    std::string reason;
    std::string data;
  };
  using Key = std::pair<std::string, std::pair<uint64_t, int64_t>>;

  DeadLetters(engine::Database& database, const base::Clock& clock, size_t most)
      : database_(database), clock_(clock), most_(most) {}
  arrow::Status Load();
  arrow::Status AddFunction(const std::shared_ptr<DeadLetters>& self);
  arrow::Status Count(engine::Connection& connection);  // with mutex_ held
  arrow::Status Store(const Letter& letter);
  void Remember(Letter letter);
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Rows() const;

  engine::Database& database_;
  const base::Clock& clock_;
  const size_t most_;
  // The table and what is remembered of it change together; taken before mutex_.
  std::mutex changing_;
  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::deque<Letter> newest_;
  std::set<Key> known_;  // of the newest
  std::map<std::string, int64_t> counts_;
};

}  // namespace pintail::ingest
