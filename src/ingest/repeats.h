// Puts that name themselves by a key are applied once (docs/decisions/008-repeats.md):
// which keys were applied, and which are under way.
//
// One per server; thread-safe. A key counts within its table. Keys are forgotten after a
// window, the oldest first when there are too many. With a database file they are in the
// database too, written in the transaction that puts the rows there; until then the
// journal has them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "engine/tails.h"

namespace pintail::ingest {

// What names a put.
struct PutKey {
  std::string table;     // any text that names the table
  std::string key;       // the client's; UTF-8, not empty
  bool outlives = true;  // the process; false for a table that does not
};

// A put as the journal names it.
std::string KeyInJournal(const engine::AppliedPut& put);
// The table and the key of such a name, nothing else.
arrow::Result<engine::AppliedPut> ParseKeyInJournal(const std::string& name);

class Repeats {
 public:
  struct Options {
    std::chrono::milliseconds window{std::chrono::hours(24)};
    int64_t max_keys = 1'000'000;
    // Keys are kept in the database; of no use for one in memory.
    bool in_database = false;
  };
  // All outlive this object.
  struct Ground {
    engine::Tails& tails;
    const base::Clock& clock;
    base::Timers& timers;
    base::Metrics& metrics;
  };

  // Reads the keys that the database has. To be called before anything is put into it.
  static arrow::Result<std::unique_ptr<Repeats>> Open(const Ground& ground,
                                                      Options options);

  // The right to apply a put. Dropped without Confirm, the put was not applied, and the
  // next one with its key may be.
  class Claim {
   public:
    Claim() = default;
    Claim(Claim&& other) noexcept;
    Claim& operator=(Claim&& other) noexcept;
    ~Claim() { Drop(); }

    // The put as it is to be written down together with its rows, as of now.
    std::shared_ptr<const engine::AppliedPut> Apply(int64_t rows);
    // Writes that down in the transaction that the connection is in.
    arrow::Status WriteDown(engine::Connection& connection);
    bool is_written_down() const { return written_down_; }
    // It was committed.
    void Confirm();

   private:
    friend class Repeats;
    Claim(Repeats* repeats, PutKey key) : repeats_(repeats), key_(std::move(key)) {}
    void Drop();

    Repeats* repeats_ = nullptr;
    PutKey key_;
    std::shared_ptr<const engine::AppliedPut> put_;
    bool written_down_ = false;
  };

  struct Entry {
    std::optional<int64_t> applied_rows;  // set: the put was applied before
    Claim claim;                          // else it is to be applied now
  };

  // The only one with tables that puts with a key may go into.
  const std::string& database() const { return tails_.database(); }

  // Waits while a put with this key is under way. The call's error when it is cancelled
  // meanwhile; Conflict at `until`.
  arrow::Result<Entry> Enter(const base::CallContext& call, const PutKey& key,
                             base::Clock::Steady until);

  // A put that was applied before the start and is not in the database yet.
  void Remember(const engine::AppliedPut& put);

  // Drops from the database what was forgotten; does something once a minute at most. A
  // failure is of no consequence, it is tried again later.
  void Tidy();

 private:
  // When it was applied, by the clock that does not jump; the number tells equal times
  // apart.
  using Age = std::pair<base::Clock::Steady, int64_t>;
  struct Applied {
    std::string name;
    int64_t rows = 0;
    base::Clock::Wall time;  // as the database has it
  };

  Repeats(const Ground& ground, Options options);
  // With the lock held.
  std::optional<int64_t> FindApplied(const std::string& name);
  void Add(const engine::AppliedPut& put);
  void Forget(std::map<Age, Applied>::iterator applied);
  void ForgetOld();

  void Leave(const std::string& name, const engine::AppliedPut* applied);
  // Up to when the database may forget; nothing when it need not.
  std::optional<base::Clock::Wall> DueForTidying();

  engine::Tails& tails_;
  const base::Clock& clock_;
  base::Timers& timers_;
  const Options options_;
  base::Counter& repeated_;
  base::Gauge& keys_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Protected by mutex_. Names are those of the journal.
  std::map<Age, Applied> applied_;  // oldest first
  std::unordered_map<std::string_view, std::map<Age, Applied>::iterator> by_name_;
  std::map<std::string, base::Clock::Wall> under_way_;  // since when
  int64_t next_number_ = 0;
  bool has_forgotten_ = true;  // what the database may have still
  std::optional<base::Clock::Steady> tidied_;
};

}  // namespace pintail::ingest
