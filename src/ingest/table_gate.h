// Who may write to which table now: many writers of a table as it is, or one that makes,
// alters or replaces it. DuckDB lets appends run side by side but answers a concurrent
// change of the table with a conflict; waiting here lets all of them succeed.
//
// One set of gates per write path; thread-safe. A writer that changes the table goes
// before writers that come after it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "arrow/result.h"
#include "base/call_context.h"

namespace pintail::ingest {

class TableGates {
 public:
  enum class Use : uint8_t { kAppend, kChange };

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
    Pass(TableGates* gates, std::string table, Use use)
        : gates_(gates), table_(std::move(table)), use_(use) {}

    TableGates* gates_ = nullptr;
    std::string table_;
    Use use_ = Use::kAppend;
  };

  // Waits its turn; the call's error when it is cancelled meanwhile. `table` is any text
  // that names the table.
  arrow::Result<Pass> Enter(const base::CallContext& call, const std::string& table,
                            Use use);

 private:
  struct Gate {
    int64_t appending = 0;
    bool changing = false;
    int64_t waiting_to_change = 0;
    int64_t waiting = 0;  // of either kind: keeps the gate in the map
  };

  void Leave(const std::string& table, Use use);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Gate> gates_;  // protected by mutex_; only gates in use
};

}  // namespace pintail::ingest
