// What one statement asks of the cache, and what its session lets it. Plain values.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "arrow/record_batch.h"
#include "cache/entry.h"
#include "gateway/cache_control.h"

namespace pintail::gateway {

struct CacheAsk {
  CacheControl control;
  bool wanted = false;  // else there is no cache for it: a transaction, no-store, …
  std::string identity;
  std::string scope;
  bool of_session = false;  // the scope is the session's own
  // Finds the answer of this text before it is parsed; empty: not to be found so.
  std::string exact_key;
  std::optional<std::chrono::milliseconds> ttl;  // the session's

  cache::Wish wish() const {
    return {.ttl = ttl, .max_age = control.max_age, .max_stale = control.max_stale};
  }
};

}  // namespace pintail::gateway
