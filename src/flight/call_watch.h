// Notices what no call's own thread can: that its client is gone, that its time is up,
// that it waits too long for its client, or that it was cancelled while it waits for it.
//
// One thread per door looks at all running calls every few milliseconds while there are
// any. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/call_context.h"
#include "base/clock.h"

namespace arrow::flight {
class ServerCallContext;
}

namespace pintail::flight {

class GrpcCall;

// What the call's thread is waiting for, besides the server itself.
enum class ClientWait : uint8_t { kNone, kToTake, kToSend };

// A call as the watch sees it. Owned by the call, which adds it after filling it in and
// removes it before anything it points to ends.
struct WatchedCall {
  std::shared_ptr<base::CallContext> context;
  std::shared_ptr<GrpcCall> grpc_call;  // may be null
  const arrow::flight::ServerCallContext* server_context = nullptr;

  void StartWaiting(ClientWait wait, base::Clock::Steady now) {
    wait_since = now.time_since_epoch().count();
    waiting_for = wait;
  }
  void StopWaiting() { waiting_for = ClientWait::kNone; }

  std::atomic<ClientWait> waiting_for = ClientWait::kNone;
  std::atomic<base::Clock::Steady::rep> wait_since = 0;
};

class CallWatch {
 public:
  struct Options {
    std::chrono::milliseconds interval{20};
    std::chrono::milliseconds take_timeout;  // for ClientWait::kToTake
    std::chrono::milliseconds send_timeout;  // for ClientWait::kToSend
  };

  CallWatch(const base::Clock& clock, Options options);
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  void Add(WatchedCall* call);
  // After it returns the watch does not touch the call any more.
  void Remove(WatchedCall* call);
  // Cancels all calls there are.
  void CancelAll(base::ErrorKind reason, const std::string& why);

 private:
  void Run();
  void Check(WatchedCall& call) const;
  // Wakes the thread of a call that was cancelled, if it waits for its client.
  void EndWait(const WatchedCall& call) const;

  const base::Clock& clock_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                   // by mutex_
  std::unordered_set<WatchedCall*> calls_;  // by mutex_
  std::thread thread_;
};

}  // namespace pintail::flight
