#include "cache/frequency_sketch.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace pintail::cache {
namespace {

// A different well-mixed number for each row (the finalizer of splitmix64).
uint64_t Mixed(uint64_t hash, int row) {
  hash += 0x9E3779B97F4A7C15U * static_cast<uint64_t>(row + 1);
  hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBU;
  return hash ^ (hash >> 31U);
}

}  // namespace

FrequencySketch::FrequencySketch(size_t keys)
    : columns_(std::bit_ceil(std::clamp<size_t>(keys, 64, size_t{1} << 24))),
      sample_(static_cast<int64_t>(columns_) * 10) {
  counters_.assign(columns_ * kRows, 0);
}

size_t FrequencySketch::IndexOf(uint64_t hash, int row) const {
  return static_cast<size_t>(row) * columns_ +
         (static_cast<size_t>(Mixed(hash, row)) & (columns_ - 1));
}

int FrequencySketch::Estimate(uint64_t hash) const {
  int least = std::numeric_limits<int>::max();
  for (int row = 0; row < kRows; ++row) {
    least = std::min<int>(least, counters_[IndexOf(hash, row)]);
  }
  return least;
}

void FrequencySketch::Add(uint64_t hash) {
  const int now = Estimate(hash);
  if (now < kMost) {
    // Only the least of its counters: the others are too high already.
    for (int row = 0; row < kRows; ++row) {
      uint8_t& counter = counters_[IndexOf(hash, row)];
      if (counter == now) ++counter;
    }
  }
  if (++additions_ >= sample_) Halve();
}

void FrequencySketch::Halve() {
  for (uint8_t& counter : counters_) counter /= 2;
  additions_ /= 2;
}

}  // namespace pintail::cache
