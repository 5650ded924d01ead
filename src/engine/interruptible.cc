#include "engine/interruptible.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "engine/error_translation.h"

namespace pintail::engine {
namespace {

// How often the flag is looked at. The end of the call is noticed at once.
constexpr std::chrono::milliseconds kLookEvery{5};

}  // namespace

arrow::Status RunInterruptibly(
    duckdb::ClientContext& context,
    const std::function<arrow::Status(std::stop_token stop)>& call) {
  // A flag that is left from an earlier statement means nothing to this one.
  const bool old_interrupt = context.IsInterrupted();
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  arrow::Status status;
  std::jthread thread([&](std::stop_token stop) {
    auto returned = Guarded([&] { return call(stop); });
    const std::lock_guard lock(mutex);
    status = std::move(returned);
    done = true;
    ended.notify_one();
  });
  bool interrupted = false;
  std::unique_lock lock(mutex);
  while (!ended.wait_for(lock, kLookEvery, [&] { return done; })) {
    if (interrupted || old_interrupt || !context.IsInterrupted()) continue;
    interrupted = true;
    lock.unlock();
    thread.request_stop();
    lock.lock();
  }
  if (!interrupted) return status;
  return base::MakeError(base::ErrorKind::kCancelled, "the statement was cancelled");
}

}  // namespace pintail::engine
