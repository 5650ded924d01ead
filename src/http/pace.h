// How patiently a peer is waited for: each wait has an end, and all waits together have
// to bring a least number of bytes a second. Plain value of one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace pintail::http {

class Pace {
 public:
  struct Limits {
    std::chrono::milliseconds stall_time;
    std::chrono::milliseconds grace;
    int64_t min_bytes_per_second = 0;
  };

  explicit Pace(const Limits& limits) : limits_(limits) {}

  void BeginWait(base::Clock::Steady now) {
    if (!since_) since_ = now;
  }
  void EndWait(base::Clock::Steady now, int64_t bytes) {
    if (since_) waited_ += now - *since_;
    since_.reset();
    bytes_ += bytes;
  }
  bool TooSlow(base::Clock::Steady now) const {
    if (!since_) return false;
    if (now - *since_ >= limits_.stall_time) return true;
    const auto waited = waited_ + (now - *since_);
    if (waited < limits_.grace) return false;
    const double wanted = std::chrono::duration<double>(waited).count() *
                          static_cast<double>(limits_.min_bytes_per_second);
    return static_cast<double>(bytes_) < wanted;
  }

 private:
  Limits limits_;
  std::optional<base::Clock::Steady> since_;
  base::Clock::Steady::duration waited_{0};
  int64_t bytes_ = 0;
};

}  // namespace pintail::http
