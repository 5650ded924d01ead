#include "base/executor.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace pintail::base {

struct Executor::State {
  explicit State(Options given) : options(std::move(given)) {}

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;  // stopping, and everything is done
      auto task = std::move(queue.front());
      queue.pop_front();
      ++running;
      lock.unlock();
      task();
      task = nullptr;  // what it holds is released outside the lock
      lock.lock();
      --running;
    }
  }

  void StartThread() {
    threads.emplace_back([this] { Work(); });
    // Linux keeps 15 characters of a thread's name.
    pthread_setname_np(threads.back().native_handle(),
                       options.name.substr(0, 15).c_str());
  }

  const Options options;

  mutable std::mutex mutex;
  std::condition_variable wake;
  // Protected by mutex.
  std::deque<std::function<void()>> queue;
  std::vector<std::thread> threads;
  size_t running = 0;
  bool stopping = false;
};

Executor::Executor(Options options)
    : state_(std::make_unique<State>(std::move(options))) {}

Executor::~Executor() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  // No thread is added any more: Submit refuses.
  for (std::thread& thread : state_->threads) thread.join();
}

arrow::Status Executor::Submit(std::function<void()> task) {
  State& state = *state_;
  {
    std::lock_guard lock(state.mutex);
    if (state.stopping) {
      return MakeError(ErrorKind::kUnavailable, "the server is shutting down; ",
                       state.options.name, " takes no new work");
    }
    // A queued task that a free thread is about to take does not count as waiting.
    const size_t free_threads = state.options.threads - state.running;
    if (state.queue.size() >= state.options.max_queue + free_threads) {
      return MakeError(ErrorKind::kResourceExhausted, "too much work for ",
                       state.options.name, ": ", state.running, " running and ",
                       state.queue.size(), " waiting; try again later");
    }
    state.queue.push_back(std::move(task));
    if (state.threads.size() < state.options.threads &&
        state.threads.size() - state.running < state.queue.size()) {
      state.StartThread();
    }
  }
  state.wake.notify_one();
  return arrow::Status::OK();
}

size_t Executor::queued() const {
  std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

size_t Executor::running() const {
  std::lock_guard lock(state_->mutex);
  return state_->running;
}

}  // namespace pintail::base
