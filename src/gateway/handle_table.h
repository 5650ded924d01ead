// What clients find again by handle: parked results, prepared statements, transactions,
// background statements. One table for each kind, owned by the gateway; thread-safe.
//
// Invariant: an entry is given only to the identity that made it; for anyone else it does
// not exist. Who asks for one that was taken away is told why, for as long as the table
// remembers it: as many as the bound allows entries, and no more than 10,000.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/error.h"
#include "gateway/handle.h"
#include "gateway/recently_gone.h"
#include "gateway/session.h"

namespace pintail::gateway {

// What every entry has.
struct Handled {
  Handled(std::string owner, const std::shared_ptr<Session>& its_session)
      // The session itself: a handle does not hold it as a call does.
      : identity(std::move(owner)), session(its_session->shared_from_this()) {}
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
      : clock_(clock), options_(std::move(options)), gone_(options_.max) {}

  // Gives the entry its handle. ResourceExhausted at the bound.
  arrow::Status Insert(const std::shared_ptr<Entry>& entry) {
    return InsertInPlaceOf(entry, [](const Entry&) { return std::nullopt; }).status();
  }

  // The same, but at the bound another entry gives way: one of the lowest rank, and among
  // those the one that was not asked for the longest. `rank` gives an optional<int>,
  // unset for an entry that has to stay. Returns the entry that gave way, null when there
  // was room; the caller lets go of it.
  template <typename Rank>
  arrow::Result<std::shared_ptr<Entry>> InsertInPlaceOf(
      const std::shared_ptr<Entry>& entry, const Rank& rank) {
    ARROW_ASSIGN_OR_RAISE(entry->handle, NewHandle());
    entry->used = clock_.Now();
    std::lock_guard lock(mutex_);
    std::shared_ptr<Entry> gone;
    const int64_t count = options_.per_session ? CountOf(entry->session->number())
                                               : static_cast<int64_t>(entries_.size());
    if (count >= options_.max) {
      const auto chosen = Lowest(rank);
      if (chosen == entries_.end()) return Full(count);
      gone = Remove(chosen);
      Remember(*gone, "gave way to a newer one: " + std::to_string(count) + " " +
                          options_.what + "s were open, as many as " + options_.option +
                          " allows; run the statement again, or raise that option");
    }
    ++of_session_[entry->session->number()];
    entries_.emplace(entry->handle, entry);
    return gone;
  }

  // While the entries weigh more than `max` together, one after the other gives way, by
  // the same rule and told `why`; never `kept`. Returns those that did.
  template <typename Rank, typename Weight>
  std::vector<std::shared_ptr<Entry>> TakeDownTo(int64_t max, const Weight& weight,
                                                 const Rank& rank, const Entry& kept,
                                                 const std::string& why) {
    std::vector<std::shared_ptr<Entry>> taken;
    std::lock_guard lock(mutex_);
    int64_t sum = 0;
    for (const auto& [handle, entry] : entries_) sum += weight(*entry);
    while (sum > max) {
      const auto chosen = Lowest([&](const Entry& each) -> std::optional<int> {
        if (&each == &kept || weight(each) == 0) return std::nullopt;
        return rank(each);
      });
      if (chosen == entries_.end()) break;
      sum -= weight(*chosen->second);
      taken.push_back(Remove(chosen));
      Remember(*taken.back(), why);
    }
    return taken;
  }

  arrow::Result<std::shared_ptr<Entry>> Find(const std::string& handle,
                                             const std::string& identity) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(handle);
    if (found == entries_.end() || found->second->identity != identity) {
      return NotFound(handle, identity);
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
      return NotFound(handle, identity);
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

  // `why`, when there is any, is told to who asks for one of them later: the end of a
  // sentence about the entry.
  std::vector<std::shared_ptr<Entry>> TakeOfSession(int64_t session,
                                                    const std::string& why = "") {
    if (CountOfSession(session) == 0) return {};
    auto taken =
        TakeIf([&](const Entry& entry) { return entry.session->number() == session; });
    if (why.empty()) return taken;
    std::lock_guard lock(mutex_);
    for (const auto& entry : taken) Remember(*entry, why);
    return taken;
  }

  int64_t size() const {
    std::lock_guard lock(mutex_);
    return static_cast<int64_t>(entries_.size());
  }

  template <typename Weight>
  int64_t Sum(const Weight& weight) const {
    std::lock_guard lock(mutex_);
    int64_t sum = 0;
    for (const auto& [handle, entry] : entries_) sum += weight(*entry);
    return sum;
  }

  int64_t CountOfSession(int64_t session) const {
    std::lock_guard lock(mutex_);
    return CountOf(session);
  }

 private:
  using Entries = std::unordered_map<std::string, std::shared_ptr<Entry>>;
  struct Gone {
    std::string identity;
    std::string why;
  };

  // All below with mutex_ held.

  std::shared_ptr<Entry> Remove(typename Entries::iterator found) {
    std::shared_ptr<Entry> entry = std::move(found->second);
    entries_.erase(found);
    const auto count = of_session_.find(entry->session->number());
    if (--count->second == 0) of_session_.erase(count);
    return entry;
  }

  int64_t CountOf(int64_t session) const {
    const auto found = of_session_.find(session);
    return found == of_session_.end() ? 0 : found->second;
  }

  template <typename Rank>
  typename Entries::iterator Lowest(const Rank& rank) {
    auto chosen = entries_.end();
    std::pair<int, base::Clock::Steady> best;
    for (auto each = entries_.begin(); each != entries_.end(); ++each) {
      const std::optional<int> place = rank(*each->second);
      if (!place) continue;
      const std::pair here{*place, each->second->used.load()};
      if (chosen == entries_.end() || here < best) {
        chosen = each;
        best = here;
      }
    }
    return chosen;
  }

  void Remember(const Entry& entry, std::string why) {
    gone_.Remember(entry.handle, {entry.identity, std::move(why)});
  }

  arrow::Status Full(int64_t count) const {
    return base::MakeError(base::ErrorKind::kResourceExhausted, count, " ", options_.what,
                           "s are open, as many as ", options_.option, " allows",
                           options_.per_session ? " a session" : "",
                           "; close some first");
  }

  arrow::Status NotFound(const std::string& handle, const std::string& identity) const {
    const Gone* const gone = gone_.Find(handle);
    if (gone && gone->identity == identity) {
      return base::MakeError(base::ErrorKind::kNotFound, "this ", options_.what, " ",
                             gone->why);
    }
    return base::MakeError(base::ErrorKind::kNotFound, "no such ", options_.what,
                           ": it was closed, has expired or never was");
  }

  const base::Clock& clock_;
  const Options options_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  Entries entries_;
  std::map<int64_t, int64_t> of_session_;  // how many entries each session has
  RecentlyGone<std::string, Gone> gone_;
};

}  // namespace pintail::gateway
