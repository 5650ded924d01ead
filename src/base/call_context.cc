#include "base/call_context.h"

#include <cstdint>
#include <random>
#include <string_view>

namespace pintail::base {

void CallContext::Cancel(ErrorKind reason, std::string why) {
  {
    std::lock_guard lock(mutex_);
    if (!reason_.ok()) return;
    reason_ = MakeStatus(reason, std::move(why));
  }
  stop_.request_stop();
}

arrow::Status CallContext::CheckAlive() const {
  if (!stop_.stop_requested()) return arrow::Status::OK();
  std::lock_guard lock(mutex_);
  return reason_;
}

std::string NewRequestId() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  constexpr std::string_view kDigits = "0123456789abcdef";
  uint64_t value = generator();
  std::string id(16, '0');
  for (char& digit : id) {
    digit = kDigits[value & 15];
    value >>= 4;
  }
  return id;
}

}  // namespace pintail::base
