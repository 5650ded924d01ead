// What clients find again by handle: parked results, prepared statements, transactions,
// background statements. One table for each kind, owned by the gateway; thread-safe.
//
// Invariant: an entry is given only to the identity that made it; for anyone else it does
// not exist. Who asks for one that was taken away is told why, for as long as the table
// remembers it: as many as the bound allows entries, and no more than 10,000.
//
// Entries are kept in order of use, so that the one to give way is found without looking
// at the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
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
#include "gateway/gives_way.h"
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
  // Last time it was asked for, or ceased to be in use. Protected by its table: read it
  // in a predicate of TakeIf only.
  base::Clock::Steady used{};
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

  // Gives the entry its handle. At the bound another gives way: one of those that go
  // first, else of those that go last, and among them the one that was not used the
  // longest; ResourceExhausted when all never do. Returns the entry that gave way, null
  // when there was room; the caller lets go of it.
  arrow::Result<std::shared_ptr<Entry>> Insert(const std::shared_ptr<Entry>& entry,
                                               GivesWay gives_way = GivesWay::kNever) {
    ARROW_ASSIGN_OR_RAISE(entry->handle, NewHandle());
    std::lock_guard lock(mutex_);
    std::shared_ptr<Entry> gone;
    const int64_t count = options_.per_session ? CountOf(entry->session->number())
                                               : static_cast<int64_t>(places_.size());
    if (count >= options_.max) {
      Order* const order = NextToGiveWay();
      if (!order) return Full(count);
      gone = Remove(order->begin());
      Remember(*gone, "gave way to a newer one: " + std::to_string(count) + " " +
                          options_.what + "s were open, as many as " + options_.option +
                          " allows; run the statement again, or raise that option");
    }
    ++of_session_[entry->session->number()];
    entry->used = clock_.Now();
    Order& order = OrderOf(gives_way);
    order.push_back({.entry = entry, .gives_way = gives_way});
    places_.emplace(entry->handle, std::prev(order.end()));
    return gone;
  }

  // The entry is no longer in use: from now on it gives way like that. `weight` is what
  // it counts for TakeDownTo. Nothing happens when it was taken out meanwhile.
  void SetIdle(const Entry& entry, GivesWay gives_way, int64_t weight = 0) {
    std::lock_guard lock(mutex_);
    const auto found = places_.find(entry.handle);
    if (found == places_.end()) return;
    Use(found->second, gives_way);
    weight_ += weight - found->second->weight;
    found->second->weight = weight;
  }

  // While the entries weigh more than `max` together, one after the other gives way, by
  // the rule of Insert and told `why`; only those that weigh something, never `kept`.
  // Returns those that did.
  std::vector<std::shared_ptr<Entry>> TakeDownTo(int64_t max, const Entry& kept,
                                                 const std::string& why) {
    std::vector<std::shared_ptr<Entry>> taken;
    std::lock_guard lock(mutex_);
    for (const GivesWay gives_way : kInOrder) {
      Order& order = OrderOf(gives_way);
      for (auto each = order.begin(); each != order.end() && weight_ > max;) {
        const auto here = each++;
        if (here->weight == 0 || here->entry.get() == &kept) continue;
        taken.push_back(Remove(here));
        Remember(*taken.back(), why);
      }
    }
    return taken;
  }

  // Finds and counts as a use. `becomes`, when given, is how the entry gives way from now
  // on, unless it never does.
  arrow::Result<std::shared_ptr<Entry>> Find(
      const std::string& handle, const std::string& identity,
      std::optional<GivesWay> becomes = std::nullopt) {
    std::lock_guard lock(mutex_);
    const auto found = places_.find(handle);
    if (found == places_.end() || found->second->entry->identity != identity) {
      return NotFound(handle, identity);
    }
    const GivesWay now = found->second->gives_way;
    Use(found->second, now == GivesWay::kNever ? now : becomes.value_or(now));
    return found->second->entry;
  }

  // Finds and removes.
  arrow::Result<std::shared_ptr<Entry>> Take(const std::string& handle,
                                             const std::string& identity) {
    std::lock_guard lock(mutex_);
    const auto found = places_.find(handle);
    if (found == places_.end() || found->second->entry->identity != identity) {
      return NotFound(handle, identity);
    }
    return Remove(found->second);
  }

  // Removes all entries that the predicate picks; the caller lets go of them, outside the
  // table's lock.
  template <typename Predicate>
  std::vector<std::shared_ptr<Entry>> TakeIf(const Predicate& predicate) {
    std::vector<std::shared_ptr<Entry>> taken;
    std::lock_guard lock(mutex_);
    for (Order& order : orders_) {
      for (auto each = order.begin(); each != order.end();) {
        const auto here = each++;
        if (predicate(*here->entry)) taken.push_back(Remove(here));
      }
    }
    return taken;
  }

  // Removes those that may give way and were not used since then.
  std::vector<std::shared_ptr<Entry>> TakeIdle(base::Clock::Steady since) {
    std::vector<std::shared_ptr<Entry>> taken;
    std::lock_guard lock(mutex_);
    for (const GivesWay gives_way : kInOrder) {
      Order& order = OrderOf(gives_way);
      while (!order.empty() && order.front().entry->used <= since) {
        taken.push_back(Remove(order.begin()));
      }
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
    return static_cast<int64_t>(places_.size());
  }

  // Of all entries together.
  int64_t weight() const {
    std::lock_guard lock(mutex_);
    return weight_;
  }

  int64_t CountOfSession(int64_t session) const {
    std::lock_guard lock(mutex_);
    return CountOf(session);
  }

 private:
  struct Held {
    std::shared_ptr<Entry> entry;
    GivesWay gives_way;
    int64_t weight = 0;
  };
  using Order = std::list<Held>;  // the longest unused first
  using Where = typename Order::iterator;
  static constexpr std::array kInOrder = {GivesWay::kFirst, GivesWay::kLast};

  struct Gone {
    std::string identity;
    std::string why;
  };

  // All below with mutex_ held.

  Order& OrderOf(GivesWay gives_way) { return orders_[static_cast<size_t>(gives_way)]; }

  // Moves it behind all that were used before. The clock is asked under the lock, hence
  // each order is one of time.
  void Use(Where place, GivesWay gives_way) {
    Order& from = OrderOf(place->gives_way);
    Order& to = OrderOf(gives_way);
    place->entry->used = clock_.Now();
    place->gives_way = gives_way;
    to.splice(to.end(), from, place);
  }

  std::shared_ptr<Entry> Remove(Where place) {
    std::shared_ptr<Entry> entry = std::move(place->entry);
    weight_ -= place->weight;
    OrderOf(place->gives_way).erase(place);
    places_.erase(entry->handle);
    const auto count = of_session_.find(entry->session->number());
    if (--count->second == 0) of_session_.erase(count);
    return entry;
  }

  int64_t CountOf(int64_t session) const {
    const auto found = of_session_.find(session);
    return found == of_session_.end() ? 0 : found->second;
  }

  // Whose first entry gives way; null when none may.
  Order* NextToGiveWay() {
    for (const GivesWay gives_way : kInOrder) {
      if (Order& order = OrderOf(gives_way); !order.empty()) return &order;
    }
    return nullptr;
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
  std::array<Order, 3> orders_;  // by GivesWay; each entry is in one of them
  std::unordered_map<std::string, Where> places_;
  int64_t weight_ = 0;                     // of all entries
  std::map<int64_t, int64_t> of_session_;  // how many entries each session has
  RecentlyGone<std::string, Gone> gone_;
};

}  // namespace pintail::gateway
