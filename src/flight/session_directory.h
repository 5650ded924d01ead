// Which session a call belongs to: that of its cookie or, for clients that keep no
// cookies, that of its connection.
//
// Every session has an unguessable id. A client gets it as a cookie with its first
// answer; until it sends the cookie back, calls from the same network address mean the
// same id. An id that neither this door nor the gateway knows is not taken over: the
// client gets a new one. A session with a call under way is never forgotten, and one that
// belongs to a connection ends with it. One per door; thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace pintail::flight {

class SessionDirectory {
 public:
  static constexpr std::string_view kCookie = "arrow_flight_session_id";

  // An id that came as a cookie, and was not seen during `idle_timeout`, is forgotten;
  // past `max_entries` the longest idle goes first.
  SessionDirectory(const base::Clock& clock, std::chrono::milliseconds idle_timeout,
                   size_t max_entries);

  struct Place {
    std::string id;
    bool set_cookie = false;  // the client has to be told its id
  };
  // Who asks, as the call brought it.
  struct Caller {
    const std::string& identity;
    std::string_view peer;
    std::string_view cookies;  // the Cookie header's value, possibly empty
  };
  // Tells of an id that is forgotten here whether it still is a session's.
  using IsKnown = std::function<bool(const std::string& id)>;
  // For a call that begins; EndCall is to follow.
  Place BeginCall(const Caller& caller, const IsKnown& is_known);
  void EndCall(const std::string& id);
  // The session was closed: the next call of its client gets a new one.
  void Forget(const std::string& id);

  struct Orphan {
    std::string id;
    std::string identity;
    std::string peer;
  };
  // Forgets, and returns, the sessions that belong to connections which are not among the
  // connected ones any more. A session whose client sent its cookie belongs to no
  // connection.
  std::vector<Orphan> TakeOrphans(const std::set<std::string>& connected);

 private:
  struct Entry {
    std::string identity;
    std::string peer;  // the connection that it was made for
    bool keeps_cookie = false;
    int64_t calls = 0;              // under way
    base::Clock::Steady last_used;  // when a call of it began or ended
  };
  using Entries = std::map<std::string, Entry>;

  // All of these need mutex_.
  Entries::iterator Lookup(const Caller& caller, const IsKnown& is_known);
  Entries::iterator Add(const Caller& caller, std::string id);
  void Sweep(base::Clock::Steady now);
  void MakeRoom();
  void Erase(Entries::iterator entry);

  const base::Clock& clock_;
  const std::chrono::milliseconds idle_timeout_;
  const size_t max_entries_;
  std::mutex mutex_;
  base::Clock::Steady last_sweep_;                         // by mutex_
  Entries entries_;                                        // by id; by mutex_
  std::map<std::string, std::string, std::less<>> peers_;  // peer to id; by mutex_
};

// The value of the cookie in a Cookie header, or "".
std::string_view CookieValue(std::string_view cookies, std::string_view name);

}  // namespace pintail::flight
