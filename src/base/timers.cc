#include "base/timers.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace pintail::base {
namespace {

struct Timer {
  Clock::Steady due;
  std::chrono::nanoseconds interval;  // zero: once
  std::function<void()> callback;
  bool cancelled = false;
  bool running = false;
  std::thread::id runner;  // meaningful while running
};

}  // namespace

struct Timers::State {
  explicit State(const Clock& given) : clock(given) {}

  uint64_t Add(Clock::Steady due, std::chrono::nanoseconds interval,
               std::function<void()> callback) {
    std::lock_guard lock(mutex);
    const uint64_t id = next_id++;
    auto timer = std::make_shared<Timer>(due, interval, std::move(callback));
    timers.emplace(id, std::move(timer));
    schedule.emplace(due, id);
    changed.notify_all();
    return id;
  }

  void Cancel(uint64_t id) {
    std::shared_ptr<Timer>
        timer;  // released after the lock, as its callback may own much
    std::unique_lock lock(mutex);
    const auto found = timers.find(id);
    if (found == timers.end()) return;
    timer = std::move(found->second);
    timers.erase(found);
    schedule.erase({timer->due, id});
    timer->cancelled = true;
    if (timer->runner == std::this_thread::get_id()) return;  // cancels itself
    changed.wait(lock, [&] { return !timer->running; });
  }

  // Runs the earliest timer if it is due. `lock` holds the mutex, before and after.
  bool RunOne(std::unique_lock<std::mutex>& lock) {
    if (schedule.empty() || schedule.begin()->first > clock.Now()) return false;
    const uint64_t id = schedule.begin()->second;
    schedule.erase(schedule.begin());
    const std::shared_ptr<Timer> timer = timers.at(id);
    timer->running = true;
    timer->runner = std::this_thread::get_id();
    lock.unlock();
    timer->callback();
    lock.lock();
    timer->running = false;
    timer->runner = {};
    Reschedule(id, *timer);
    changed.notify_all();
    return true;
  }

  // A repeated timer that is late by several intervals runs once, not once for each.
  void Reschedule(uint64_t id, Timer& timer) {
    if (timer.cancelled || timer.interval.count() == 0) return;
    const auto late = std::max(clock.Now() - timer.due, std::chrono::nanoseconds(0));
    timer.due += timer.interval * (late / timer.interval + 1);
    schedule.emplace(timer.due, id);
  }

  void ThreadMain() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      if (RunOne(lock)) continue;
      if (schedule.empty()) {
        changed.wait(lock);
      } else {
        changed.wait_for(lock, schedule.begin()->first - clock.Now());
      }
    }
  }

  const Clock& clock;
  std::thread thread;  // set by the constructor of Timers

  std::mutex mutex;
  std::condition_variable changed;
  // Protected by mutex. A timer is in `timers` until its handle goes, and in `schedule`
  // while it waits for its time.
  std::map<uint64_t, std::shared_ptr<Timer>> timers;
  std::set<std::pair<Clock::Steady, uint64_t>> schedule;
  uint64_t next_id = 0;
  bool stopping = false;
};

namespace {

template <typename State>
class OwnedTimer final : public Timers::Handle {
 public:
  OwnedTimer(std::shared_ptr<State> state, uint64_t id)
      : state_(std::move(state)), id_(id) {}
  ~OwnedTimer() override { state_->Cancel(id_); }

 private:
  const std::shared_ptr<State> state_;
  const uint64_t id_;
};

}  // namespace

Timers::Timers(const Clock& clock, bool start_thread)
    : state_(std::make_shared<State>(clock)) {
  // Waiting for a clock that only a test moves would be for nothing.
  if (!start_thread || dynamic_cast<const ManualClock*>(&clock) != nullptr) return;
  state_->thread = std::thread([state = state_.get()] { state->ThreadMain(); });
}

Timers::~Timers() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

std::unique_ptr<Timers::Handle> Timers::At(Clock::Steady when,
                                           std::function<void()> callback) {
  const uint64_t id = state_->Add(when, std::chrono::nanoseconds(0), std::move(callback));
  return std::make_unique<OwnedTimer<State>>(state_, id);
}

std::unique_ptr<Timers::Handle> Timers::Every(std::chrono::nanoseconds interval,
                                              std::function<void()> callback) {
  interval = std::max(interval, std::chrono::nanoseconds(1));
  const uint64_t id =
      state_->Add(state_->clock.Now() + interval, interval, std::move(callback));
  return std::make_unique<OwnedTimer<State>>(state_, id);
}

void Timers::RunDue() {
  std::unique_lock lock(state_->mutex);
  while (state_->RunOne(lock)) {
  }
}

}  // namespace pintail::base
