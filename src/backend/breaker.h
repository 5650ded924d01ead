// Keeps calls away from a source that cannot be reached.
//
// After some failures in a row calls fail at once. When a pause has passed, one call is
// let through to try; its failure begins a longer pause, its success lets everybody
// through. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "arrow/status.h"
#include "base/clock.h"

namespace pintail::backend {

struct BreakerOptions {
  std::string source;
  int failures = 3;  // in a row, before calls are refused
  std::chrono::milliseconds first_pause{500};
  std::chrono::milliseconds longest_pause{30'000};
};

// What is known of a source, for readiness, metrics and views. Holds no secret as long as
// the errors do not.
struct Reachability {
  enum class State : uint8_t { kUnknown, kReachable, kFailing, kRefusing };

  State state = State::kUnknown;
  int failures = 0;  // in a row
  std::optional<base::Clock::Wall> failing_since;
  std::chrono::milliseconds next_try_in{0};  // while kRefusing
  std::string last_error;                    // kept when the source is reachable again
};

// "unknown", "reachable", "failing" or "unreachable".
std::string_view ReachabilityName(Reachability::State state);

class Breaker {
 public:
  // `random` gives numbers in [0, 1), which spread the pauses.
  Breaker(BreakerOptions options, const base::Clock& clock,
          std::function<double()> random = nullptr);

  // OK: the caller goes on and calls Record with how it ended. Unavailable: it does not.
  arrow::Status Admit();
  // Only kUnavailable and kDeadlineExceeded count as failures to reach the source. A
  // cancelled attempt says nothing, any other answer says that the source is there.
  void Record(const arrow::Status& outcome);

  // Instead of Record, by a caller that was admitted and found out nothing.
  void GiveBackTry();

  Reachability reachability() const;

 private:
  void Fail(const arrow::Status& error);  // mutex_ is held
  std::chrono::milliseconds NextTryIn() const;

  const BreakerOptions options_;
  const base::Clock& clock_;
  const std::function<double()> random_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  Reachability::State state_ = Reachability::State::kUnknown;
  int failures_ = 0;
  int pauses_ = 0;  // since the source was last reachable
  bool trying_ = false;
  base::Clock::Steady try_at_;
  std::optional<base::Clock::Wall> failing_since_;
  std::string last_error_;
};

// A thread-safe source of numbers in [0, 1), seeded by the system.
std::function<double()> SystemRandom();

}  // namespace pintail::backend
