// W-TinyLFU (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission
// Policy", ACM Transactions on Storage 13(4), 2017): new entries pass through a small
// window; from there they get into the main part only when they were asked for more often
// than what would have to go for them. The main part is a segmented LRU: an entry that is
// hit on probation becomes a protected one.
#pragma once

#include <unordered_map>
#include <vector>

#include "cache/eviction.h"
#include "cache/frequency_sketch.h"
#include "cache/recency_list.h"

namespace pintail::cache {

class TinyLfu final : public Eviction {
 public:
  explicit TinyLfu(Bounds bounds);

  void Asked(uint64_t hash) override { sketch_.Add(hash); }
  void Added(const Item& item) override;
  void Hit(uint64_t number) override;
  void Removed(uint64_t number) override;
  std::vector<uint64_t> Evict() override;

 private:
  enum Segment : uint8_t { kWindow, kProbation, kProtected };
  struct Known {
    RecencyList::Place place;
    Segment segment = kWindow;
  };

  bool IsOver(const RecencyList& list, Bounds bounds) const {
    return list.weight() > bounds.weight || list.size() > bounds.entries;
  }
  bool IsMainOver() const;
  void Move(uint64_t number, Segment to);
  // Drops the colder of the candidate and the main part's victim.
  uint64_t Contest(uint64_t candidate);

  const Bounds window_bounds_;
  const Bounds main_bounds_;
  const Bounds protected_bounds_;
  FrequencySketch sketch_;
  RecencyList segments_[3];
  std::unordered_map<uint64_t, Known> items_;
};

}  // namespace pintail::cache
