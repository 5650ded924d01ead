#include "cache/tiny_lfu.h"

#include <algorithm>

namespace pintail::cache {
namespace {

// Shares as in the paper: the window one in a hundred, of the rest four in five are
// protected. What is less than one entry is one.
Eviction::Bounds Share(Eviction::Bounds of, int64_t numerator, int64_t denominator) {
  const auto share = [&](int64_t value) {
    return std::max<int64_t>(1, value / denominator * numerator +
                                    value % denominator * numerator / denominator);
  };
  return {.weight = share(of.weight), .entries = share(of.entries)};
}

Eviction::Bounds Rest(Eviction::Bounds of, Eviction::Bounds part) {
  return {.weight = of.weight - part.weight, .entries = of.entries - part.entries};
}

}  // namespace

TinyLfu::TinyLfu(Bounds bounds)
    : window_bounds_(Share(bounds, 1, 100)),
      main_bounds_(Rest(bounds, window_bounds_)),
      protected_bounds_(Share(main_bounds_, 4, 5)),
      sketch_(static_cast<size_t>(std::clamp<int64_t>(bounds.entries, 1, 1 << 20))) {}

void TinyLfu::Added(const Item& item) {
  items_[item.number] = {.place = segments_[kWindow].AddNewest(item), .segment = kWindow};
}

void TinyLfu::Move(uint64_t number, Segment to) {
  Known& known = items_.at(number);
  segments_[to].Take(segments_[known.segment], known.place);
  known.segment = to;
}

void TinyLfu::Hit(uint64_t number) {
  const auto found = items_.find(number);
  if (found == items_.end()) return;
  const Known& known = found->second;
  if (known.segment != kProbation) {
    segments_[known.segment].MakeNewest(known.place);
    return;
  }
  Move(number, kProtected);
  while (IsOver(segments_[kProtected], protected_bounds_)) {
    Move(segments_[kProtected].Oldest()->number, kProbation);
  }
}

void TinyLfu::Removed(uint64_t number) {
  const auto found = items_.find(number);
  if (found == items_.end()) return;
  segments_[found->second.segment].Remove(found->second.place);
  items_.erase(found);
}

bool TinyLfu::IsMainOver() const {
  const RecencyList& probation = segments_[kProbation];
  const RecencyList& kept = segments_[kProtected];
  return probation.weight() + kept.weight() > main_bounds_.weight ||
         probation.size() + kept.size() > main_bounds_.entries;
}

uint64_t TinyLfu::Contest(uint64_t candidate) {
  // The oldest on probation that is not the candidate itself, else the oldest protected.
  uint64_t victim = candidate;
  for (const Segment segment : {kProbation, kProtected}) {
    RecencyList& list = segments_[segment];
    if (!list.empty() && list.Oldest()->number != candidate) {
      victim = list.Oldest()->number;
      break;
    }
  }
  if (victim == candidate || !items_.contains(candidate)) return victim;
  const int candidates = sketch_.Estimate(items_.at(candidate).place->hash);
  const int victims = sketch_.Estimate(items_.at(victim).place->hash);
  return candidates > victims ? victim : candidate;
}

std::vector<uint64_t> TinyLfu::Evict() {
  std::vector<uint64_t> gone;
  while (IsOver(segments_[kWindow], window_bounds_)) {
    const uint64_t candidate = segments_[kWindow].Oldest()->number;
    Move(candidate, kProbation);
    while (IsMainOver()) {
      gone.push_back(Contest(candidate));
      Removed(gone.back());
    }
  }
  return gone;
}

}  // namespace pintail::cache
