#include "engine/tail_gates.h"

#include <algorithm>

#include "base/error.h"

namespace pintail::engine {

uint64_t TailGates::Version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

size_t TailGates::size() const {
  const std::lock_guard lock(mutex_);
  return gates_.size();
}

bool TailGates::IsBlocked(const std::string& name) const {
  if (every_.blocks > 0) return true;
  const auto gate = gates_.find(name);
  return gate != gates_.end() && gate->second.blocks > 0;
}

uint64_t TailGates::ChangedAt(const std::string& name) const {
  const auto gate = gates_.find(name);
  const uint64_t own = gate == gates_.end() ? 0 : gate->second.changed;
  return std::max({own, every_.changed, forgotten_});
}

arrow::Result<std::shared_ptr<void>> TailGates::Enter(const std::string& name,
                                                      uint64_t version,
                                                      std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (!moved_.wait_for(lock, timeout, [&] { return !IsBlocked(name); })) {
    return base::MakeError(base::ErrorKind::kConflict, "the table \"", name,
                           "\" is being changed, for more than ", timeout.count(),
                           " ms; send the rows again");
  }
  if (ChangedAt(name) > version) return nullptr;
  ++gates_[name].passes;
  ++every_.passes;
  lock.unlock();
  // Not null, so that it is not taken for a refusal.
  return std::shared_ptr<void>(
      this, [gates = shared_from_this(), name](void*) { gates->Leave(name); });
}

void TailGates::Leave(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto gate = gates_.find(name);
  --gate->second.passes;
  --every_.passes;
  const bool is_idle = gate->second.passes == 0 && gate->second.blocks == 0;
  if (is_idle && gate->second.changed <= forgotten_) gates_.erase(gate);
  moved_.notify_all();
}

std::shared_ptr<void> TailGates::Block(const std::string& name) {
  std::unique_lock lock(mutex_);
  Gate& gate = name.empty() ? every_ : gates_[name];
  ++gate.blocks;
  // Those on their way hold no lock of ours and wait for the journal at most.
  moved_.wait(lock, [&] { return gate.passes == 0; });
  lock.unlock();
  return std::shared_ptr<void>(
      this, [gates = shared_from_this(), name](void*) { gates->Unblock(name); });
}

void TailGates::Unblock(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Gate& gate = name.empty() ? every_ : gates_[name];
  --gate.blocks;
  gate.changed = ++version_;
  if (gates_.size() > kMaxRemembered) Forget();
  moved_.notify_all();
}

// What is known of names that nobody is at goes into one number. Whoever holds a version
// from before that asks once more.
void TailGates::Forget() {
  std::erase_if(gates_, [this](const auto& each) {
    const Gate& gate = each.second;
    if (gate.passes > 0 || gate.blocks > 0) return false;
    forgotten_ = std::max(forgotten_, gate.changed);
    return true;
  });
}

}  // namespace pintail::engine
