// How often keys were asked for lately, in four bits a counter: a count-min sketch whose
// counts are halved again and again, so that what was popular once is forgotten.
//
// Estimates may be too high, never too low before a halving. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pintail::cache {

class FrequencySketch {
 public:
  static constexpr int kMost = 15;  // a count stops here

  // For about `keys` different keys at a time.
  explicit FrequencySketch(size_t keys);

  void Add(uint64_t hash);
  int Estimate(uint64_t hash) const;

 private:
  static constexpr int kRows = 4;

  size_t IndexOf(uint64_t hash, int row) const;
  void Halve();

  std::vector<uint8_t> counters_;  // kRows rows of columns_ counters
  size_t columns_;                 // a power of two
  int64_t additions_ = 0;
  int64_t sample_;  // additions between two halvings
};

}  // namespace pintail::cache
