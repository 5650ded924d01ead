// Which entries go when there is no room for all: least recently used, least frequently
// used, or W-TinyLFU. Knows entries by number and weight only. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "arrow/result.h"

namespace pintail::cache {

enum class EvictionKind : uint8_t { kLru, kLfu, kTinyLfu };

// "lru", "lfu" or "tiny_lfu".
arrow::Result<EvictionKind> ParseEvictionKind(std::string_view name);

class Eviction {
 public:
  struct Item {
    uint64_t number = 0;  // of the entry; never given twice
    uint64_t hash = 0;    // of its key: the same when the key comes back
    int64_t weight = 1;
  };
  struct Bounds {
    int64_t weight = 0;
    int64_t entries = 0;
  };

  static std::unique_ptr<Eviction> Make(EvictionKind kind, Bounds bounds);
  virtual ~Eviction() = default;

  // Someone asked for a key, whether it was there or not.
  virtual void Asked(uint64_t hash) = 0;
  virtual void Added(const Item& item) = 0;
  virtual void Hit(uint64_t number) = 0;
  // Nothing when it is not known.
  virtual void Removed(uint64_t number) = 0;
  // Those that have to go so that the rest keeps within the bounds; it has forgotten them
  // already. What was added last may be among them.
  virtual std::vector<uint64_t> Evict() = 0;
};

}  // namespace pintail::cache
