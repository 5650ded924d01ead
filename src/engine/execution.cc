#include "engine/execution.h"

#include <algorithm>
#include <thread>

namespace pintail::engine {

StopGuard::StopGuard(std::stop_token token,
                     duckdb::shared_ptr<duckdb::ClientContext> context)
    : token_(std::move(token)),
      interrupter_{std::move(context)},
      callback_(token_, interrupter_) {}

void StopGuard::Check() const {
  if (token_.stop_requested()) interrupter_();
}

std::chrono::microseconds Patience::NextWait() {
  constexpr int kYields = 200;
  constexpr int64_t kLongestWait = 2'000;
  ++turns_;
  if (turns_ <= kYields) {
    std::this_thread::yield();
    return std::chrono::microseconds(0);
  }
  return std::chrono::microseconds(
      std::min<int64_t>(kLongestWait, 20 * int64_t{turns_ - kYields}));
}

}  // namespace pintail::engine
