// The answers that are kept: found by key, bounded in bytes and number, gone when their
// time to live is over or what they were made of has changed.
//
// Look-ups lock one shard for a moment; what was used is told to the eviction rule later,
// many at a time. One per server; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "cache/entry.h"
#include "cache/eviction.h"

namespace pintail::cache {

struct AnswersOptions {
  int64_t max_bytes = int64_t{256} << 20;
  int64_t max_answer_bytes = int64_t{16} << 20;
  int64_t max_entries = 10'000;
  Milliseconds ttl{60'000};
  // How much longer than its time to live an answer is served while it is made anew.
  Milliseconds stale_while_revalidate{0};
  EvictionKind eviction = EvictionKind::kTinyLfu;
  // What a run has to cost for its answer to be kept.
  Milliseconds min_cost{1};
  // How long an answer that depends on the current time is good.
  Milliseconds time_slack{0};
  Milliseconds sweep_interval{1'000};
};

class Answers {
 public:
  // References outlive it. `timers` null: Sweep is called by hand.
  struct Ground {
    const base::Clock& clock;
    base::Metrics& metrics;
    base::Timers* timers = nullptr;
  };
  Answers(const Ground& ground, AnswersOptions options);

  const AnswersOptions& options() const { return options_; }

  struct Found {
    EntryPtr entry;  // null: nothing
    Milliseconds age{0};
    bool stale = false;
    bool refresh = false;  // the caller is to make it anew, and call EndRefresh
  };
  // What is there for a key and good enough for the wish; counts nothing.
  Found Find(std::string_view key, const Wish& wish);
  // A found entry is served: counts it.
  void Served(const Found& found);

  // The entry as others will find it. It is kept, instead of an older one of its key,
  // unless it is too large, too cheap, or no longer true; `alias`, when not empty, finds
  // it as well.
  EntryPtr Keep(Filling filling, std::string_view alias);
  // From now on this key finds the entry too, if it is still there.
  void AddAlias(const EntryPtr& entry, std::string_view alias);

  // How many there were.
  int64_t Clear();
  // Those made of a table that the predicate picks.
  int64_t ClearIf(const std::function<bool(const engine::TableName&)>& picks);
  // Drops what is too old or no longer true.
  void Sweep();

  // The most recently filled last.
  std::vector<EntryPtr> List() const;
  int64_t bytes() const;
  int64_t entries() const;

  // For those who run what was not found.
  void CountMiss() { misses_.Add(); }
  void CountBypass() { bypasses_.Add(); }
  void CountWait() { waits_.Add(); }

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kMaxAliases = 16;
  static constexpr size_t kMaxTouched = 64;

  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Shard {
    std::mutex mutex;
    // Protected by mutex.
    std::unordered_map<std::string, EntryPtr, TextHash, std::equal_to<>> entries;
    std::vector<EntryPtr> touched;
  };
  struct Known {
    EntryPtr entry;
    std::vector<std::string> keys;  // the bound statement's, then aliases
    int64_t weight = 0;
  };
  enum Reason : uint8_t { kSize, kExpired, kChanged, kReplaced, kCleared, kReasons };

  Shard& ShardOf(std::string_view key) { return shards_[TextHash()(key) / 64 % kShards]; }
  bool IsExpired(const Entry& entry, base::Clock::Steady now) const;
  void Put(const std::string& key, const EntryPtr& entry);

  // With mutex_ held. What is dropped is moved to `gone`, to be freed without the lock.
  using Gone = std::vector<EntryPtr>;
  void Drop(uint64_t number, Reason reason, Gone& gone);
  void TellEviction();
  void Show();
  int64_t DropIf(Reason reason, const std::function<bool(const Entry&)>& picks);

  const base::Clock& clock_;
  const AnswersOptions options_;
  base::Counter& hits_;
  base::Counter& misses_;
  base::Counter& stale_;
  base::Counter& bypasses_;
  base::Counter& waits_;
  base::Counter& saved_seconds_;
  base::Gauge& bytes_gauge_;
  base::Gauge& entries_gauge_;
  std::array<base::Counter*, kReasons> evictions_{};

  std::array<Shard, kShards> shards_;

  mutable std::mutex mutex_;  // taken before a shard's, never after
  // Protected by mutex_.
  std::unique_ptr<Eviction> eviction_;
  std::unordered_map<uint64_t, Known> known_;
  uint64_t next_number_ = 1;
  int64_t bytes_ = 0;

  std::unique_ptr<base::Timers::Handle> sweep_;  // last: ends first
};

}  // namespace pintail::cache
