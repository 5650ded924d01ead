// Whom the engine tells of every change of data and definitions, from any connection or
// upload. One per Database; thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "engine/statement_use.h"

namespace pintail::engine {

class ChangeListener {
 public:
  using Function = std::function<void(const DataChange&)>;

  // Null: nobody.
  void Set(Function function) {
    const std::unique_lock lock(mutex_);
    function_ = std::move(function);
  }
  // After the change can be seen by others, before its client hears of it.
  void Tell(const DataChange& change) const {
    if (change.empty()) return;
    const std::shared_lock lock(mutex_);
    if (function_) function_(change);
  }

 private:
  mutable std::shared_mutex mutex_;
  Function function_;  // protected by mutex_
};

}  // namespace pintail::engine
