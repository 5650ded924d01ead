#include "ingest/table_gate.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace pintail::ingest {

TableGates::Pass::Pass(Pass&& other) noexcept
    : gates_(std::exchange(other.gates_, nullptr)),
      table_(std::move(other.table_)),
      since_(other.since_) {}

TableGates::Pass& TableGates::Pass::operator=(Pass&& other) noexcept {
  if (this != &other) {
    Return();
    gates_ = std::exchange(other.gates_, nullptr);
    table_ = std::move(other.table_);
    since_ = other.since_;
  }
  return *this;
}

void TableGates::Pass::Return() {
  if (TableGates* gates = std::exchange(gates_, nullptr)) gates->Leave(table_, since_);
}

bool TableGates::MayEnter(const Gate& gate, int64_t turn) {
  const auto self = gate.waiting.find(turn);
  const bool behind_a_change =
      std::any_of(gate.waiting.begin(), self,
                  [](const auto& waiter) { return waiter.second == Use::kChange; });
  if (gate.changing || behind_a_change) return false;
  return self->second == Use::kAppend || gate.passes.empty();
}

arrow::Result<TableGates::Pass> TableGates::Enter(const base::CallContext& call,
                                                  const Visit& visit) {
  // Ends after the lock: its end waits for its callback, which takes the lock.
  std::unique_ptr<base::Timers::Handle> alarm;
  std::unique_lock lock(mutex_);
  Gate& gate = gates_[visit.table];  // stays where it is while someone waits or writes
  const int64_t turn = next_turn_++;
  gate.waiting.emplace(turn, visit.use);
  if (!MayEnter(gate, turn)) {
    lock.unlock();
    alarm = timers_.At(visit.until, [this] { WakeAll(); });
    lock.lock();
    changed_.wait(lock, call.stop_token(),
                  [&] { return MayEnter(gate, turn) || clock_.Now() >= visit.until; });
  }
  const arrow::Status alive = call.CheckAlive();
  const bool enters = alive.ok() && MayEnter(gate, turn);
  gate.waiting.erase(turn);
  if (enters) {
    const base::Clock::Steady now = clock_.Now();
    gate.passes.insert(now);
    gate.changing = visit.use == Use::kChange;
    return Pass(this, visit.table, now);
  }
  arrow::Status refusal = alive.ok() ? Refusal(gate) : alive;
  DropUnused(visit.table);
  lock.unlock();
  changed_.notify_all();  // others may have waited behind this one
  return refusal;
}

arrow::Status TableGates::Refusal(const Gate& gate) const {
  if (gate.passes.empty()) {
    return base::MakeError(base::ErrorKind::kConflict,
                           "another upload waits to change it first");
  }
  const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(
      clock_.Now() - *gate.passes.begin());
  return base::MakeError(base::ErrorKind::kConflict,
                         "another upload has had it open for ", held.count(), " ms");
}

int64_t TableGates::Waiting(const std::string& table) const {
  std::lock_guard lock(mutex_);
  const auto gate = gates_.find(table);
  return gate == gates_.end() ? 0 : static_cast<int64_t>(gate->second.waiting.size());
}

void TableGates::Leave(const std::string& table, base::Clock::Steady since) {
  {
    std::lock_guard lock(mutex_);
    Gate& gate = gates_.at(table);
    gate.passes.erase(gate.passes.find(since));
    gate.changing = false;  // a change has the table alone
    DropUnused(table);
  }
  changed_.notify_all();
}

void TableGates::DropUnused(const std::string& table) {
  const Gate& gate = gates_.at(table);
  if (gate.waiting.empty() && gate.passes.empty()) gates_.erase(table);
}

void TableGates::WakeAll() {
  {
    // So that nobody is between looking at the clock and falling asleep.
    std::lock_guard lock(mutex_);
  }
  changed_.notify_all();
}

}  // namespace pintail::ingest
