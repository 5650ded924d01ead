// A bounded memory of what was taken away and why, for whoever asks for it later. At the
// bound the longest gone is forgotten. Owned by the table or registry whose entries it
// remembers; not thread-safe: its owner's lock guards it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace pintail::gateway {

// `Why` is what is remembered about a key.
template <typename Key, typename Why>
class RecentlyGone {
 public:
  // As many as any of them remembers; a few hundred bytes each.
  static constexpr int64_t kMost = 10'000;

  // Remembers `most` keys: at least one, at most kMost.
  explicit RecentlyGone(int64_t most = kMost)
      : most_(static_cast<size_t>(std::clamp<int64_t>(most, 1, kMost))) {}

  // A key that is remembered already is gone anew: the last reason counts, and its time
  // begins again.
  void Remember(const Key& key, Why why) {
    Forget(key);
    if (places_.size() >= most_) Erase(places_.find(order_.front().first));
    order_.emplace_back(key, std::move(why));
    places_.emplace(key, std::prev(order_.end()));
  }

  // Null when the key is not remembered; otherwise valid until the next change.
  const Why* Find(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }

  // Finds and forgets.
  std::optional<Why> Take(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return std::nullopt;
    std::optional<Why> why(std::move(found->second->second));
    Erase(found);
    return why;
  }

  void Forget(const Key& key) {
    if (const auto found = places_.find(key); found != places_.end()) Erase(found);
  }

 private:
  using Order = std::list<std::pair<Key, Why>>;
  using Places = std::map<Key, typename Order::iterator>;

  void Erase(typename Places::iterator place) {
    order_.erase(place->second);
    places_.erase(place);
  }

  const size_t most_;
  // Invariant: both have the same keys, each once.
  Order order_;  // the longest gone first
  Places places_;
};

}  // namespace pintail::gateway
