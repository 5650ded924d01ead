// One copy of a Copies, and its view's way to it. Private to copies*.cc.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "cache/copies.h"

namespace pintail::cache {

struct Copies::Entry {
  CopyTable table;                       // constant
  std::shared_ptr<engine::CopyUse> use;  // constant
  base::Counter* refreshes = nullptr;    // constant, as the next two
  base::Counter* failed = nullptr;
  base::Histogram* seconds = nullptr;
  std::optional<StoredCopy> stored;  // unset: there is no table
  bool busy = false;                 // a refresh is running or about to
  bool running = false;
  int64_t failures = 0;  // since the last success
  base::Clock::Wall last_try;
  int64_t uses_seen = 0;  // when it was last refreshed
  std::string last_error;
};

// Outlived by the view in the database.
struct Copies::View {
  std::mutex mutex;
  Copies* copies = nullptr;  // protected by mutex; null: gone
};

}  // namespace pintail::cache
