#include "cache/eviction.h"

#include <set>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "cache/recency_list.h"
#include "cache/tiny_lfu.h"

namespace pintail::cache {
namespace {

class Lru final : public Eviction {
 public:
  explicit Lru(Bounds bounds) : bounds_(bounds) {}

  void Asked(uint64_t) override {}
  void Added(const Item& item) override { places_[item.number] = list_.AddNewest(item); }
  void Hit(uint64_t number) override {
    const auto found = places_.find(number);
    if (found != places_.end()) list_.MakeNewest(found->second);
  }
  void Removed(uint64_t number) override {
    const auto found = places_.find(number);
    if (found == places_.end()) return;
    list_.Remove(found->second);
    places_.erase(found);
  }
  std::vector<uint64_t> Evict() override {
    std::vector<uint64_t> gone;
    while (!list_.empty() &&
           (list_.weight() > bounds_.weight || list_.size() > bounds_.entries)) {
      gone.push_back(list_.Oldest()->number);
      Removed(gone.back());
    }
    return gone;
  }

 private:
  const Bounds bounds_;
  RecencyList list_;
  std::unordered_map<uint64_t, RecencyList::Place> places_;
};

// Among those that were hit equally often the longest unused goes first. What was added
// last stays for as long as there is another: it had no chance yet.
class Lfu final : public Eviction {
 public:
  explicit Lfu(Bounds bounds) : bounds_(bounds) {}

  void Asked(uint64_t) override {}
  void Added(const Item& item) override {
    Known& known = items_[item.number];
    known = {.hits = 0, .used = ++uses_, .weight = item.weight};
    order_.emplace(0, known.used, item.number);
    weight_ += item.weight;
    newest_ = item.number;
  }
  void Hit(uint64_t number) override {
    const auto found = items_.find(number);
    if (found == items_.end()) return;
    Known& known = found->second;
    order_.erase({known.hits, known.used, number});
    known.used = ++uses_;
    ++known.hits;
    order_.emplace(known.hits, known.used, number);
  }
  void Removed(uint64_t number) override {
    const auto found = items_.find(number);
    if (found == items_.end()) return;
    weight_ -= found->second.weight;
    order_.erase({found->second.hits, found->second.used, number});
    items_.erase(found);
  }
  std::vector<uint64_t> Evict() override {
    std::vector<uint64_t> gone;
    while (!order_.empty() && (weight_ > bounds_.weight ||
                               static_cast<int64_t>(items_.size()) > bounds_.entries)) {
      auto victim = order_.begin();
      const bool newest = std::get<2>(*victim) == newest_;
      if (newest && order_.size() > 1) ++victim;
      gone.push_back(std::get<2>(*victim));
      Removed(gone.back());
    }
    return gone;
  }

 private:
  struct Known {
    uint64_t hits = 0;
    uint64_t used = 0;
    int64_t weight = 0;
  };

  const Bounds bounds_;
  std::unordered_map<uint64_t, Known> items_;
  std::set<std::tuple<uint64_t, uint64_t, uint64_t>> order_;  // hits, last use, number
  uint64_t uses_ = 0;
  uint64_t newest_ = 0;
  int64_t weight_ = 0;
};

}  // namespace

arrow::Result<EvictionKind> ParseEvictionKind(std::string_view name) {
  if (name == "lru") return EvictionKind::kLru;
  if (name == "lfu") return EvictionKind::kLfu;
  if (name == "tiny_lfu") return EvictionKind::kTinyLfu;
  return base::MakeError(base::ErrorKind::kInvalidArgument, "cache.eviction is \"", name,
                         "\"; it is one of lru, lfu and tiny_lfu");
}

std::unique_ptr<Eviction> Eviction::Make(EvictionKind kind, Bounds bounds) {
  switch (kind) {
    case EvictionKind::kLru:
      return std::make_unique<Lru>(bounds);
    case EvictionKind::kLfu:
      return std::make_unique<Lfu>(bounds);
    case EvictionKind::kTinyLfu:
      break;
  }
  return std::make_unique<TinyLfu>(bounds);
}

}  // namespace pintail::cache
