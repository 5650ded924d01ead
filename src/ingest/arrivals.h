// Commits that are acknowledged before DuckDB has them: written to the journal, if there
// is one, and put into the tail of their table, where queries see them.
//
// One per server; thread-safe. Small commits from many clients are put into tables
// together later, by the Mover.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/timers.h"
#include "catalog/streams.h"
#include "engine/connection.h"
#include "engine/tails.h"
#include "ingest/mover.h"
#include "journal/journal.h"

namespace pintail::ingest {

class Outbox;

// How the journal names a table of the server's own database.
std::string NameInJournal(const engine::TableName& table);
// The table of such a name.
arrow::Result<engine::TableName> ParseName(const std::string& name);

class Arrivals {
 public:
  struct Options {
    // Commits of more than this go straight into their table: the journal would write
    // each byte twice.
    int64_t max_commit_bytes = int64_t{48} << 20;
    // Of all rows that wait or are gathered for a commit.
    int64_t max_bytes = int64_t{256} << 20;
    // How long a commit waits for a table that is being changed, and for room.
    std::chrono::milliseconds lock_timeout{10'000};
  };

  // All outlive this object. `journal` is null when nothing is to outlive the process,
  // `outbox` when nothing is sent on.
  Arrivals(engine::Tails& tails, journal::Journal* journal, Mover& mover,
           const base::Clock& clock, base::Timers& timers, Options options,
           Outbox* outbox = nullptr)
      : tails_(tails),
        journal_(journal),
        mover_(mover),
        clock_(clock),
        timers_(timers),
        options_(options),
        outbox_(outbox) {}

  // Null when nothing is sent on.
  const Outbox* outbox() const { return outbox_; }
  const Options& options() const { return options_; }
  engine::Tails& tails() { return tails_; }

  // Room for rows that are gathered for one commit. Gives it back when it is dropped.
  class Room {
   public:
    Room() = default;
    ~Room() { Clear(); }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    // By `bytes`, when `more` are known to come after them. False when the commit is to
    // go straight into its table, because it is too large or there is no room for as long
    // as the lock timeout. Waits for room while the tails are full: ResourceExhausted at
    // the call's deadline.
    arrow::Result<bool> Grow(const base::CallContext& call, Arrivals& arrivals,
                             const std::string& table, int64_t bytes, int64_t more);
    void Clear();

   private:
    Arrivals* arrivals_ = nullptr;
    int64_t bytes_ = 0;
  };

  // The table as it was when a stream last committed to it; saves a look each time.
  using Target = std::shared_ptr<const engine::TailTarget>;

  // Where commits to a table can go, as far as that shows beforehand.
  enum class Place : uint8_t { kTail, kTable, kNoTable };
  Place PlaceFor(engine::Connection& connection, const engine::TableName& table,
                 const arrow::Schema& schema, Target& target);

  // The mover has been at work, so there may be room.
  void Moved();

  // A commit of so many bytes went straight into the table.
  void WentStraight(const std::string& table, int64_t bytes);

  // Commits the batches (validated, of one schema) and returns their position in the
  // journal, 0 where there is none. Nothing when they have to go into the table itself,
  // which also tells what is wrong with them. ResourceExhausted when the journal has no
  // room until the call's deadline. `put` (null: none) is what names the commit.
  arrow::Result<std::optional<journal::Position>> Commit(
      const base::CallContext& call, engine::Connection& connection,
      const engine::TableName& table, const arrow::RecordBatchVector& batches,
      catalog::Durability durability, Target& target,
      std::shared_ptr<const engine::AppliedPut> put = nullptr);

 private:
  arrow::Result<journal::Position> Publish(const base::CallContext& call,
                                           const Target& target,
                                           arrow::RecordBatchVector rows,
                                           catalog::Durability durability,
                                           std::shared_ptr<const engine::AppliedPut> put);
  // Waits until the tails can take as many bytes more; false when that takes too long.
  arrow::Result<bool> AwaitRoom(const base::CallContext& call, int64_t bytes);

  engine::Tails& tails_;
  journal::Journal* const journal_;
  Mover& mover_;
  const base::Clock& clock_;
  base::Timers& timers_;
  const Options options_;
  Outbox* const outbox_;
  std::atomic<int64_t> gathered_ = 0;
  std::mutex mutex_;
  std::condition_variable_any moved_;
  // Tables whose last upload was too large for one commit, so that the next is not
  // gathered for long. Protected by mutex_.
  std::set<std::string> large_;
};

}  // namespace pintail::ingest
