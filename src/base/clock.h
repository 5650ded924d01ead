// Where time comes from. Code asks a Clock, never the system, so that tests move time
// instead of waiting for it. Implementations are callable from any thread.
#pragma once

#include <atomic>
#include <chrono>

namespace pintail::base {

class Clock {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  using Wall = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;

  // Monotonic time, for durations, deadlines and ages.
  virtual Steady Now() const = 0;
  // Calendar time, for what a person or another system reads.
  virtual Wall WallNow() const = 0;
};

// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  Steady Now() const override { return std::chrono::steady_clock::now(); }
  Wall WallNow() const override { return std::chrono::system_clock::now(); }
};

// A clock that stands still until it is moved.
class ManualClock final : public Clock {
 public:
  Steady Now() const override { return Steady{} + Offset(); }
  Wall WallNow() const override {
    return Wall{} + std::chrono::duration_cast<Wall::duration>(Offset());
  }
  void Advance(std::chrono::nanoseconds by) { offset_ns_ += by.count(); }

 private:
  std::chrono::nanoseconds Offset() const {
    return std::chrono::nanoseconds(offset_ns_.load());
  }
  std::atomic<int64_t> offset_ns_{int64_t{1'000'000'000} * 86'400};
};

}  // namespace pintail::base
