// Entries in the order of their last use, and what they weigh together. Not thread-safe.
#pragma once

#include <list>

#include "cache/eviction.h"

namespace pintail::cache {

class RecencyList {
 public:
  using Place = std::list<Eviction::Item>::iterator;

  Place AddNewest(const Eviction::Item& item) {
    weight_ += item.weight;
    items_.push_front(item);
    return items_.begin();
  }
  void MakeNewest(Place place) { items_.splice(items_.begin(), items_, place); }
  void Remove(Place place) {
    weight_ -= place->weight;
    items_.erase(place);
  }
  // Puts an entry of `from` first here; its place stays good.
  void Take(RecencyList& from, Place place) {
    from.weight_ -= place->weight;
    weight_ += place->weight;
    items_.splice(items_.begin(), from.items_, place);
  }
  // Must not be empty.
  Place Oldest() { return std::prev(items_.end()); }
  bool empty() const { return items_.empty(); }
  int64_t weight() const { return weight_; }
  int64_t size() const { return static_cast<int64_t>(items_.size()); }

 private:
  std::list<Eviction::Item> items_;
  int64_t weight_ = 0;
};

}  // namespace pintail::cache
