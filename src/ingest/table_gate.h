// Who may write to which table now: many writers of a table as it is, or one that makes,
// alters or replaces it. DuckDB lets appends run side by side but answers a concurrent
// change of the table with a conflict; waiting here lets all of them succeed.
//
// A pass lasts as long as its writer's transaction, which may be as long as a producer
// takes; so everybody says how long he would wait for it.
//
// One set of gates per write path; thread-safe. Those who wait go in the order in which
// they came, as far as they exclude each other: an appender waits for the changes that
// came before it and for no later one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/timers.h"

namespace pintail::ingest {

class TableGates {
 public:
  enum class Use : uint8_t { kAppend, kChange };

  struct Visit {
    std::string table;  // any text that names the table
    Use use = Use::kAppend;
    base::Clock::Steady until;  // when waiting ends
  };

  // The right to write to a table, until it is destroyed.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass() { Return(); }
    void Return();

   private:
    friend class TableGates;
    Pass(TableGates* gates, std::string table, base::Clock::Steady since)
        : gates_(gates), table_(std::move(table)), since_(since) {}

    TableGates* gates_ = nullptr;
    std::string table_;
    base::Clock::Steady since_;
  };

  // Both outlive the gates.
  TableGates(const base::Clock& clock, base::Timers& timers)
      : clock_(clock), timers_(timers) {}

  // Waits its turn. The call's error when it is cancelled meanwhile; Conflict when the
  // time is up, which says for how long another writer has had the table.
  arrow::Result<Pass> Enter(const base::CallContext& call, const Visit& visit);

  // How many wait for the table now.
  int64_t Waiting(const std::string& table) const;

 private:
  struct Gate {
    std::multiset<base::Clock::Steady> passes;  // since when each is out
    bool changing = false;                      // the one that is out is for a change
    std::map<int64_t, Use> waiting;             // in the order of their coming
  };

  static bool MayEnter(const Gate& gate, int64_t turn);
  void Leave(const std::string& table, base::Clock::Steady since);
  arrow::Status Refusal(const Gate& gate) const;
  void DropUnused(const std::string& table);
  void WakeAll();

  const base::Clock& clock_;
  base::Timers& timers_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Protected by mutex_.
  std::map<std::string, Gate> gates_;  // only gates in use
  int64_t next_turn_ = 0;
};

}  // namespace pintail::ingest
