// Whether a plan may still be run: DuckDB leaves out what its statistics say is empty,
// and does not notice when that has changed by the time a kept plan is run. Private to
// the engine; callable from any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace pintail::engine {

// Counts the commits that changed something, in all connections of a database.
class DataVersion {
 public:
  // Around all of a transaction that may change something.
  void BeginChange() { ++changing_; }
  void EndChange() {
    ++changes_;
    --changing_;
  }

  uint64_t changes() const { return changes_; }
  // Nobody but `own` callers is about to commit a change, or has committed one that is
  // not counted yet.
  bool IsSettled(int64_t own) const { return changing_ == own; }

 private:
  std::atomic<uint64_t> changes_ = 0;
  std::atomic<int64_t> changing_ = 0;
};

// What a transaction sees, told apart from what others see.
struct DataStamp {
  uint64_t changes = 0;
  bool settled = true;       // no change of others was under way when it began
  uint64_t transaction = 0;  // DuckDB's number of it; 0: not begun
  uint64_t own_changes = 0;  // statements in it that changed something, and have ended

  // Whether a plan that was made under `planned` is right under this one.
  bool Allows(const DataStamp& planned) const {
    if (transaction != 0 && planned.transaction == transaction) {
      return own_changes == planned.own_changes;
    }
    return settled && own_changes == 0 && planned.own_changes == 0 &&
           changes == planned.changes;
  }
};

// While it lives, something is being changed.
class ChangeUnderWay {
 public:
  explicit ChangeUnderWay(DataVersion& version) : version_(version) {
    version_.BeginChange();
  }
  ~ChangeUnderWay() { version_.EndChange(); }
  ChangeUnderWay(const ChangeUnderWay&) = delete;
  ChangeUnderWay& operator=(const ChangeUnderWay&) = delete;

 private:
  DataVersion& version_;
};

}  // namespace pintail::engine
