// A statement planned on one of a session's connections, kept for its next run. Owned by
// the prepared statement or parked result it belongs to; thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "engine/connection.h"
#include "gateway/session.h"

namespace pintail::gateway {

// The statement lives no longer than the slot that holds its connection.
struct Plan {
  std::shared_ptr<Slot> slot;
  std::unique_ptr<engine::PreparedStatement> statement;
};

class PlanCache {
 public:
  // The kept plan, or an empty one. Who takes it has it alone.
  Plan Take() {
    std::lock_guard lock(mutex_);
    return std::exchange(plan_, Plan{});
  }

  // The connection to ask for, so that the plan can be used; null when there is none.
  std::shared_ptr<Slot> slot() const {
    std::lock_guard lock(mutex_);
    return plan_.slot;
  }

  // Keeps the plan unless there is another one.
  void Keep(Plan plan) {
    std::lock_guard lock(mutex_);
    if (!plan_.statement) plan_ = std::move(plan);
  }

 private:
  mutable std::mutex mutex_;
  Plan plan_;  // protected by mutex_
};

}  // namespace pintail::gateway
