#include "cache/eviction.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "cache/frequency_sketch.h"
#include "gtest/gtest.h"

namespace pintail::cache {
namespace {

using Trace = std::vector<uint64_t>;

// Keys 0 to `keys` - 1, the first ones much more often than the last.
Trace Zipf(uint64_t keys, double exponent, size_t length, uint64_t seed) {
  std::vector<double> weights;
  for (uint64_t i = 0; i < keys; ++i) {
    weights.push_back(1 / std::pow(static_cast<double>(i + 1), exponent));
  }
  std::discrete_distribution<uint64_t> pick(weights.begin(), weights.end());
  std::mt19937_64 random(seed);
  Trace trace;
  for (size_t i = 0; i < length; ++i) trace.push_back(pick(random));
  return trace;
}

// The trace with a long run of keys that come once after each piece of it.
Trace WithScans(const Trace& trace, size_t piece, size_t scan) {
  Trace mixed;
  uint64_t once = 1'000'000;
  for (size_t i = 0; i < trace.size(); ++i) {
    mixed.push_back(trace[i]);
    if (i % piece == piece - 1) {
      for (size_t k = 0; k < scan; ++k) mixed.push_back(once++);
    }
  }
  return mixed;
}

struct Played {
  std::vector<bool> hits;
  double ratio() const {
    return static_cast<double>(std::ranges::count(hits, true)) /
           static_cast<double>(hits.size());
  }
};

Played Play(Eviction& eviction, const Trace& trace, int64_t weight = 1) {
  std::map<uint64_t, uint64_t> number_of;
  std::map<uint64_t, uint64_t> key_of;
  uint64_t next = 1;
  Played played;
  for (const uint64_t key : trace) {
    eviction.Asked(key);
    const auto found = number_of.find(key);
    played.hits.push_back(found != number_of.end());
    if (found != number_of.end()) {
      eviction.Hit(found->second);
      continue;
    }
    number_of[key] = next;
    key_of[next] = key;
    eviction.Added({.number = next++, .hash = key, .weight = weight});
    for (const uint64_t gone : eviction.Evict()) {
      number_of.erase(key_of.at(gone));
      key_of.erase(gone);
    }
  }
  return played;
}

// The plainest LRU there is.
Played PlainLru(const Trace& trace, size_t entries) {
  std::vector<uint64_t> keys;  // the newest last
  Played played;
  for (const uint64_t key : trace) {
    const auto found = std::ranges::find(keys, key);
    played.hits.push_back(found != keys.end());
    if (found != keys.end()) keys.erase(found);
    keys.push_back(key);
    if (keys.size() > entries) keys.erase(keys.begin());
  }
  return played;
}

// The plainest LFU: counts while an entry is there, the longest unused of equals goes.
Played PlainLfu(const Trace& trace, size_t entries) {
  struct Entry {
    uint64_t key, hits, used;
  };
  std::vector<Entry> kept;
  Played played;
  uint64_t now = 0;
  for (const uint64_t key : trace) {
    ++now;
    const auto found = std::ranges::find(kept, key, &Entry::key);
    played.hits.push_back(found != kept.end());
    if (found != kept.end()) {
      ++found->hits;
      found->used = now;
      continue;
    }
    if (kept.size() == entries) {
      kept.erase(std::ranges::min_element(kept, [](const Entry& a, const Entry& b) {
        return std::tie(a.hits, a.used) < std::tie(b.hits, b.used);
      }));
    }
    kept.push_back({key, 0, now});
  }
  return played;
}

// W-TinyLFU with exact counts, halved like the sketch's, and vectors.
class PlainTinyLfu {
 public:
  explicit PlainTinyLfu(size_t entries)
      : window_size_(std::max<size_t>(1, entries / 100)),
        main_size_(entries - window_size_),
        protected_size_(main_size_ * 4 / 5),
        sample_(10 * static_cast<int64_t>(std::bit_ceil(std::max<size_t>(64, entries)))) {
  }

  Played Play(const Trace& trace) {
    Played played;
    for (const uint64_t key : trace) {
      Count(key);
      played.hits.push_back(Ask(key));
    }
    return played;
  }

 private:
  using List = std::vector<uint64_t>;  // the newest last

  static bool Drop(List& list, uint64_t key) { return std::erase(list, key) > 0; }
  static uint64_t TakeOldest(List& list) {
    const uint64_t key = list.front();
    list.erase(list.begin());
    return key;
  }

  void Count(uint64_t key) {
    counts_[key] = std::min(counts_[key] + 1, 15);
    if (++additions_ < sample_) return;
    for (auto& [each, count] : counts_) count /= 2;
    additions_ /= 2;
  }

  bool Ask(uint64_t key) {
    for (List* list : {&window_, &protected_}) {
      if (Drop(*list, key)) {
        list->push_back(key);
        return true;
      }
    }
    if (Drop(probation_, key)) {
      protected_.push_back(key);
      if (protected_.size() > protected_size_) {
        probation_.push_back(TakeOldest(protected_));
      }
      return true;
    }
    window_.push_back(key);
    if (window_.size() <= window_size_) return false;
    const uint64_t candidate = TakeOldest(window_);
    if (probation_.size() + protected_.size() < main_size_) {
      probation_.push_back(candidate);
      return false;
    }
    List& from = probation_.empty() ? protected_ : probation_;
    if (counts_[candidate] <= counts_[from.front()]) return false;
    TakeOldest(from);
    probation_.push_back(candidate);
    return false;
  }

  const size_t window_size_, main_size_, protected_size_;
  const int64_t sample_;
  int64_t additions_ = 0;
  std::map<uint64_t, int> counts_;
  List window_, probation_, protected_;
};

constexpr int64_t kRoomy = int64_t{1} << 40;

TEST(Eviction, LruHitsWhatThePlainestOneHits) {
  const Trace trace = WithScans(Zipf(2'000, 0.9, 20'000, 1), 500, 100);
  const auto lru = Eviction::Make(EvictionKind::kLru, {.weight = kRoomy, .entries = 200});
  EXPECT_EQ(Play(*lru, trace).hits, PlainLru(trace, 200).hits);
}

TEST(Eviction, LfuHitsWhatThePlainestOneHits) {
  const Trace trace = WithScans(Zipf(2'000, 0.9, 20'000, 2), 500, 100);
  const auto lfu = Eviction::Make(EvictionKind::kLfu, {.weight = kRoomy, .entries = 200});
  EXPECT_EQ(Play(*lfu, trace).hits, PlainLfu(trace, 200).hits);
}

TEST(Eviction, TinyLfuIsAsGoodAsOneThatCountsExactly) {
  for (const uint64_t seed : {3U, 4U, 5U}) {
    const Trace trace = WithScans(Zipf(5'000, 0.9, 40'000, seed), 500, 200);
    const auto tiny =
        Eviction::Make(EvictionKind::kTinyLfu, {.weight = kRoomy, .entries = 300});
    const double ours = Play(*tiny, trace).ratio();
    const double exact = PlainTinyLfu(300).Play(trace).ratio();
    EXPECT_NEAR(ours, exact, 0.02) << "seed " << seed;
  }
}

TEST(Eviction, TinyLfuKeepsWhatIsPopularThroughScansThatFlushLru) {
  const Trace trace = WithScans(Zipf(1'000, 0.8, 30'000, 6), 200, 400);
  const auto tiny =
      Eviction::Make(EvictionKind::kTinyLfu, {.weight = kRoomy, .entries = 200});
  const double lru = PlainLru(trace, 200).ratio();
  EXPECT_GT(Play(*tiny, trace).ratio(), lru * 1.5) << "LRU: " << lru;
}

TEST(Eviction, TinyLfuForgetsWhatWasPopularOnce) {
  Trace trace = Zipf(100, 0.5, 20'000, 7);
  const size_t before = trace.size();
  for (const uint64_t key : Zipf(100, 0.5, 20'000, 8)) trace.push_back(key + 10'000);
  const auto tiny =
      Eviction::Make(EvictionKind::kTinyLfu, {.weight = kRoomy, .entries = 120});
  const Played played = Play(*tiny, trace);
  // Of the last quarter, all of the second hundred keys, nearly all are hits.
  const auto from = played.hits.begin() + static_cast<ptrdiff_t>(before + before / 2);
  EXPECT_GT(std::count(from, played.hits.end(), true), 9'500);
}

TEST(Eviction, EachKindKeepsBothBounds) {
  for (const auto kind :
       {EvictionKind::kLru, EvictionKind::kLfu, EvictionKind::kTinyLfu}) {
    const auto eviction = Eviction::Make(kind, {.weight = 1'000, .entries = 50});
    std::mt19937_64 random(9);
    std::map<uint64_t, int64_t> kept;
    for (uint64_t number = 1; number <= 5'000; ++number) {
      const uint64_t key = random() % 300;
      const auto weight = static_cast<int64_t>(random() % 60 + 1);
      eviction->Asked(key);
      eviction->Added({.number = number, .hash = key, .weight = weight});
      kept[number] = weight;
      for (const uint64_t gone : eviction->Evict()) EXPECT_EQ(kept.erase(gone), 1U);
      if (number % 7 == 0 && !kept.empty()) {
        eviction->Removed(kept.begin()->first);
        kept.erase(kept.begin());
      }
      int64_t weight_of_all = 0;
      for (const auto& [each, its] : kept) {
        weight_of_all += its;
        if (random() % 8 == 0) eviction->Hit(each);
      }
      ASSERT_LE(weight_of_all, 1'000) << static_cast<int>(kind);
      ASSERT_LE(kept.size(), 50U) << static_cast<int>(kind);
    }
    EXPECT_GT(kept.size(), 10U) << static_cast<int>(kind);
  }
}

TEST(Eviction, KnowsItsKindsByName) {
  EXPECT_EQ(*ParseEvictionKind("tiny_lfu"), EvictionKind::kTinyLfu);
  EXPECT_EQ(*ParseEvictionKind("lru"), EvictionKind::kLru);
  EXPECT_EQ(*ParseEvictionKind("lfu"), EvictionKind::kLfu);
  EXPECT_FALSE(ParseEvictionKind("fifo").ok());
}

TEST(FrequencySketch, CountsUpToItsMostAndHalves) {
  FrequencySketch sketch(64);
  for (int i = 0; i < 3; ++i) sketch.Add(17);
  EXPECT_EQ(sketch.Estimate(17), 3);
  EXPECT_EQ(sketch.Estimate(18), 0);
  for (int i = 0; i < 100; ++i) sketch.Add(17);
  EXPECT_EQ(sketch.Estimate(17), FrequencySketch::kMost);
  for (int i = 0; i < 640 - 103; ++i) sketch.Add(99);
  EXPECT_EQ(sketch.Estimate(17), FrequencySketch::kMost / 2);
}

}  // namespace
}  // namespace pintail::cache
