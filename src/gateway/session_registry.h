// The open sessions of a server, by the key that a door chose. Keys of different callers
// never meet. A session that was closed by the server, and had what its client may count
// on, is remembered: its key's next call is told, and only the one after it gets a new
// session. One per gateway; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "engine/database.h"
#include "gateway/gives_way.h"
#include "gateway/recently_gone.h"
#include "gateway/session.h"

namespace pintail::gateway {

class SessionRegistry {
 public:
  // How a session gives way to a newcomer when there are as many as may be.
  struct Eviction {
    // Called with the registry locked, so it must not ask the registry.
    std::function<GivesWay(const Session&)> judge;
    // Closes the session that gave way; it is no longer in the registry.
    std::function<void(const SessionPtr&)> close;
  };

  SessionRegistry(engine::Database& database, const base::Clock& clock, int64_t max,
                  Eviction eviction);

  // The session of the key, made when there is none, held for a call (Session::ForCall).
  // NotFound, once, when the key's session was closed meanwhile with what it kept.
  // At the bound the longest idle of those that go first gives way, else of those that go
  // last; ResourceExhausted when none does.
  arrow::Result<SessionPtr> Open(const base::CallContext& call, const std::string& key);
  // A session without a key, by the same rule.
  arrow::Result<SessionPtr> OpenTransient(const base::CallContext& call);
  // Removes and returns it; null when there is none.
  SessionPtr Take(const base::CallContext& call, const std::string& key);
  // Whether the key has a session, or had one whose loss is still to be told.
  bool Knows(const base::CallContext& call, const std::string& key) const;
  std::vector<SessionPtr> TakeIdle(std::chrono::milliseconds idle);
  std::vector<SessionPtr> TakeAll();

  // All that are open, by number.
  std::vector<SessionPtr> List() const;
  int64_t size() const;

 private:
  using Key = std::pair<std::string, std::string>;  // identity, key

  // Takes a place for a new session; the session that gives way for it, if any, is
  // returned. With mutex_ held.
  arrow::Result<SessionPtr> TakePlace();
  // Removes the session, remembering what its client loses. With mutex_ held.
  SessionPtr TakeAway(std::map<Key, SessionPtr>::iterator session,
                      const std::string& why);
  // Makes a session in a place that was taken, after closing who gave way for it.
  arrow::Result<SessionPtr> Make(const base::CallContext& call, const SessionPtr& evicted,
                                 bool transient);

  engine::Database& database_;
  const base::Clock& clock_;
  const int64_t max_;
  const Eviction eviction_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::map<Key, SessionPtr> keyed_;
  RecentlyGone<Key, std::string> lost_;  // the message for the key's next call
  mutable std::map<int64_t, std::weak_ptr<Session>> transient_;
  int64_t last_number_ = 0;
  int64_t being_made_ = 0;  // have a place, but are in neither map yet
};

}  // namespace pintail::gateway
