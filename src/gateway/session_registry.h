// The open sessions of a server, by the key that a door chose. Keys of different callers
// never meet. One per gateway; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "engine/database.h"
#include "gateway/session.h"

namespace pintail::gateway {

class SessionRegistry {
 public:
  SessionRegistry(engine::Database& database, const base::Clock& clock, int64_t max);

  // ResourceExhausted at the bound.
  arrow::Result<SessionPtr> Open(const base::CallContext& call, const std::string& key);
  arrow::Result<SessionPtr> OpenTransient(const base::CallContext& call);
  // Removes and returns it; null when there is none.
  SessionPtr Take(const base::CallContext& call, const std::string& key);
  std::vector<SessionPtr> TakeIdle(std::chrono::milliseconds idle);
  std::vector<SessionPtr> TakeAll();

  // All that are open, by number.
  std::vector<SessionPtr> List() const;
  int64_t size() const;

 private:
  using Key = std::pair<std::string, std::string>;  // identity, key

  arrow::Status CheckRoom() const;  // with mutex_ held
  arrow::Result<SessionPtr> Make(const base::CallContext& call, bool transient);

  engine::Database& database_;
  const base::Clock& clock_;
  const int64_t max_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::map<Key, SessionPtr> keyed_;
  mutable std::map<int64_t, std::weak_ptr<Session>> transient_;
  int64_t last_number_ = 0;
};

}  // namespace pintail::gateway
