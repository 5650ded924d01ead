// An answer in the cache, with what decides how long it is good. Immutable but for its
// hits; any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/answer.h"
#include "cache/table_versions.h"

namespace pintail::cache {

using Milliseconds = std::chrono::milliseconds;

// What the answer of one run is kept with.
struct Filling {
  std::string key;    // of the bound statement
  std::string query;  // for people; literals hidden where they may be secrets
  AnswerPtr answer;
  std::vector<engine::TableName> tables;
  Noted versions;  // as they were before it ran
  std::chrono::nanoseconds cost{0};
  base::Clock::Steady filled_at;
  base::Clock::Wall filled_wall;
  // Names mean something in the session that filled it only: it has temporary objects.
  bool of_session = false;
  bool depends_on_time = false;  // no wish makes it good for longer than `ttl`
  Milliseconds ttl{0};           // for everybody who says nothing else
  Milliseconds kept_for{0};      // at least `ttl`: longer for who filled it
};

class Entry {
 public:
  Entry(uint64_t number, Filling filling)
      : number_(number), filling_(std::move(filling)) {}

  uint64_t number() const { return number_; }
  const Filling& filling() const { return filling_; }
  const AnswerPtr& answer() const { return filling_.answer; }
  int64_t hits() const { return hits_; }
  void CountHit() const { hits_.fetch_add(1, std::memory_order_relaxed); }
  // True for the first who asks until EndRefresh.
  bool BeginRefresh() const { return !refreshing_.exchange(true); }
  void EndRefresh() const { refreshing_ = false; }

 private:
  const uint64_t number_;
  const Filling filling_;
  mutable std::atomic<int64_t> hits_ = 0;
  mutable std::atomic<bool> refreshing_ = false;
};

using EntryPtr = std::shared_ptr<const Entry>;

// How old an answer may be, for who asks.
struct Wish {
  std::optional<Milliseconds> ttl;        // the session's, instead of the entry's
  std::optional<Milliseconds> max_age;    // not older, whatever its time to live
  std::optional<Milliseconds> max_stale;  // as much longer than its time to live
};

}  // namespace pintail::cache
