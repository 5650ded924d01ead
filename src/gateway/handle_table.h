// What clients find again by handle: parked results, prepared statements, transactions,
// background statements. One table for each kind, owned by the gateway; thread-safe.
//
// Invariant: an entry is given only to the identity that made it; for anyone else it does
// not exist.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/error.h"
#include "gateway/handle.h"
#include "gateway/session.h"

namespace pintail::gateway {

// What every entry has.
struct Handled {
  Handled(std::string owner, std::shared_ptr<Session> its_session)
      : identity(std::move(owner)), session(std::move(its_session)) {}
  virtual ~Handled() = default;

  std::string handle;  // set when inserted, constant from then on
  const std::string identity;
  const std::shared_ptr<Session> session;
  std::atomic<base::Clock::Steady> used{};  // last time it was asked for
};

template <typename Entry>
class HandleTable {
 public:
  struct Options {
    std::string what;    // "prepared statement", for messages
    std::string option;  // the key that sets the bound
    int64_t max = 0;
    bool per_session = false;  // the bound is for each session, else for all together
  };

  HandleTable(const base::Clock& clock, Options options)
      : clock_(clock), options_(std::move(options)) {}

  // Gives the entry its handle. ResourceExhausted at the bound.
  arrow::Status Insert(const std::shared_ptr<Entry>& entry) {
    ARROW_ASSIGN_OR_RAISE(entry->handle, NewHandle());
    entry->used = clock_.Now();
    std::lock_guard lock(mutex_);
    int64_t& in_session = of_session_[entry->session->number()];
    const int64_t count =
        options_.per_session ? in_session : static_cast<int64_t>(entries_.size());
    if (count >= options_.max) {
      if (in_session == 0) of_session_.erase(entry->session->number());
      return base::MakeError(base::ErrorKind::kResourceExhausted, count, " ",
                             options_.what, "s are open, as many as ", options_.option,
                             " allows", options_.per_session ? " a session" : "",
                             "; close some first");
    }
    ++in_session;
    entries_.emplace(entry->handle, entry);
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<Entry>> Find(const std::string& handle,
                                             const std::string& identity) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(handle);
    if (found == entries_.end() || found->second->identity != identity) {
      return NotFound();
    }
    found->second->used = clock_.Now();
    return found->second;
  }

  // Finds and removes.
  arrow::Result<std::shared_ptr<Entry>> Take(const std::string& handle,
                                             const std::string& identity) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(handle);
    if (found == entries_.end() || found->second->identity != identity) {
      return NotFound();
    }
    return Remove(found);
  }

  // Removes all entries that the predicate picks; the caller lets go of them, outside the
  // table's lock.
  template <typename Predicate>
  std::vector<std::shared_ptr<Entry>> TakeIf(const Predicate& predicate) {
    std::vector<std::shared_ptr<Entry>> taken;
    std::lock_guard lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (predicate(*entry->second)) taken.push_back(Remove(entry));
      entry = next;
    }
    return taken;
  }

  std::vector<std::shared_ptr<Entry>> TakeOfSession(int64_t session) {
    {
      std::lock_guard lock(mutex_);
      if (!of_session_.contains(session)) return {};
    }
    return TakeIf([&](const Entry& entry) { return entry.session->number() == session; });
  }

  int64_t size() const {
    std::lock_guard lock(mutex_);
    return static_cast<int64_t>(entries_.size());
  }

  int64_t CountOfSession(int64_t session) const {
    std::lock_guard lock(mutex_);
    const auto found = of_session_.find(session);
    return found == of_session_.end() ? 0 : found->second;
  }

 private:
  using Entries = std::unordered_map<std::string, std::shared_ptr<Entry>>;

  std::shared_ptr<Entry> Remove(typename Entries::iterator found) {
    std::shared_ptr<Entry> entry = std::move(found->second);
    entries_.erase(found);
    const auto count = of_session_.find(entry->session->number());
    if (--count->second == 0) of_session_.erase(count);
    return entry;
  }

  arrow::Status NotFound() const {
    return base::MakeError(base::ErrorKind::kNotFound, "no such ", options_.what,
                           ": it was closed, has expired or never was");
  }

  const base::Clock& clock_;
  const Options options_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  Entries entries_;
  std::map<int64_t, int64_t> of_session_;  // how many entries each session has
};

}  // namespace pintail::gateway
