// Which session a call belongs to: that of its cookie or, for clients that keep no
// cookies, that of its connection.
//
// Every session has an unguessable id. A client gets it as a cookie with its first
// answer; until it sends the cookie back, calls from the same network address mean the
// same id. An id that this door did not hand out, or has forgotten, is not taken over:
// the client gets a new one. One per door; thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
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

  // What is not asked for during `idle_timeout` is forgotten; past `max_entries` the
  // longest idle goes first.
  SessionDirectory(const base::Clock& clock, std::chrono::milliseconds idle_timeout,
                   size_t max_entries);

  struct Place {
    std::string id;
    bool set_cookie = false;  // the client has to be told its id
  };
  // `cookies` is the Cookie header's value, possibly empty.
  Place Find(const std::string& identity, std::string_view peer,
             std::string_view cookies);
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
    base::Clock::Steady last_used;
  };

  void Sweep(base::Clock::Steady now);                       // needs mutex_
  void MakeRoom();                                           // needs mutex_
  void Erase(std::map<std::string, Entry>::iterator entry);  // needs mutex_

  const base::Clock& clock_;
  const std::chrono::milliseconds idle_timeout_;
  const size_t max_entries_;
  std::mutex mutex_;
  base::Clock::Steady last_sweep_;                         // by mutex_
  std::map<std::string, Entry> entries_;                   // by id; by mutex_
  std::map<std::string, std::string, std::less<>> peers_;  // peer to id; by mutex_
};

// The value of the cookie in a Cookie header, or "".
std::string_view CookieValue(std::string_view cookies, std::string_view name);

}  // namespace pintail::flight
