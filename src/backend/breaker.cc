#include "backend/breaker.h"

#include <algorithm>
#include <format>
#include <memory>
#include <random>
#include <utility>

#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using State = Reachability::State;

std::string Calendar(base::Clock::Wall when) {
  return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(when));
}

}  // namespace

std::string_view ReachabilityName(State state) {
  switch (state) {
    case State::kUnknown:
      return "unknown";
    case State::kReachable:
      return "reachable";
    case State::kFailing:
      return "failing";
    case State::kRefusing:
      return "unreachable";
  }
  return "unknown";
}

Breaker::Breaker(BreakerOptions options, const base::Clock& clock,
                 std::function<double()> random)
    : options_(std::move(options)),
      clock_(clock),
      random_(random ? std::move(random) : SystemRandom()) {}

arrow::Status Breaker::Admit() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kRefusing) return arrow::Status::OK();
  if (!trying_ && clock_.Now() >= try_at_) {
    trying_ = true;
    return arrow::Status::OK();
  }
  const std::string next =
      trying_ ? "it is being tried right now"
              : std::format("it is tried again in {} ms", NextTryIn().count());
  return base::MakeError(ErrorKind::kUnavailable, "source '", options_.source,
                         "' has been unreachable since ", Calendar(*failing_since_), "; ",
                         next, ". The last error: ", last_error_);
}

void Breaker::Record(const arrow::Status& outcome) {
  const std::lock_guard lock(mutex_);
  trying_ = false;
  const std::optional<ErrorKind> kind =
      outcome.ok() ? std::nullopt : std::optional(base::KindOf(outcome));
  if (kind == ErrorKind::kCancelled) return;
  if (kind == ErrorKind::kUnavailable || kind == ErrorKind::kDeadlineExceeded) {
    Fail(outcome);
    return;
  }
  state_ = State::kReachable;
  failures_ = pauses_ = 0;
  failing_since_.reset();
}

void Breaker::GiveBackTry() {
  const std::lock_guard lock(mutex_);
  trying_ = false;
}

void Breaker::Fail(const arrow::Status& error) {
  ++failures_;
  last_error_ = error.message();
  if (!failing_since_) failing_since_ = clock_.WallNow();
  if (failures_ < options_.failures) {
    state_ = State::kFailing;
    return;
  }
  // A call that began before the source was given up does not lengthen the pause.
  if (state_ == State::kRefusing && clock_.Now() < try_at_) return;
  state_ = State::kRefusing;
  const int doublings = std::min(pauses_++, 30);
  const auto pause = std::min<std::chrono::milliseconds>(
      options_.first_pause * (int64_t{1} << doublings), options_.longest_pause);
  // From half of the pause to all of it, so that many servers do not try at once.
  try_at_ = clock_.Now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                               pause * (0.5 + random_() / 2));
}

std::chrono::milliseconds Breaker::NextTryIn() const {
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::ceil<std::chrono::milliseconds>(try_at_ - clock_.Now()));
}

Reachability Breaker::reachability() const {
  const std::lock_guard lock(mutex_);
  return {
      .state = state_,
      .failures = failures_,
      .failing_since = failing_since_,
      .next_try_in = state_ == State::kRefusing ? NextTryIn() : decltype(NextTryIn()){},
      .last_error = last_error_};
}

std::function<double()> SystemRandom() {
  struct Generator {
    std::mutex mutex;
    std::mt19937_64 bits{std::random_device{}()};
  };
  return [generator = std::make_shared<Generator>()] {
    const std::lock_guard lock(generator->mutex);
    return std::uniform_real_distribution<double>(0, 1)(generator->bits);
  };
}

}  // namespace pintail::backend
