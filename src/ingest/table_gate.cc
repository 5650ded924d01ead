#include "ingest/table_gate.h"

#include <utility>

namespace pintail::ingest {

TableGates::Pass::Pass(Pass&& other) noexcept
    : gates_(std::exchange(other.gates_, nullptr)),
      table_(std::move(other.table_)),
      use_(other.use_) {}

TableGates::Pass& TableGates::Pass::operator=(Pass&& other) noexcept {
  if (this != &other) {
    Return();
    gates_ = std::exchange(other.gates_, nullptr);
    table_ = std::move(other.table_);
    use_ = other.use_;
  }
  return *this;
}

void TableGates::Pass::Return() {
  if (TableGates* gates = std::exchange(gates_, nullptr)) gates->Leave(table_, use_);
}

arrow::Result<TableGates::Pass> TableGates::Enter(const base::CallContext& call,
                                                  const std::string& table, Use use) {
  std::unique_lock lock(mutex_);
  Gate& gate = gates_[table];  // stays where it is while someone waits or writes
  const bool changes = use == Use::kChange;
  ++gate.waiting;
  gate.waiting_to_change += changes ? 1 : 0;
  const bool came = changed_.wait(lock, call.stop_token(), [&] {
    if (gate.changing) return false;
    return changes ? gate.appending == 0 : gate.waiting_to_change == 0;
  });
  --gate.waiting;
  gate.waiting_to_change -= changes ? 1 : 0;
  if (came) {
    gate.changing = changes;
    gate.appending += changes ? 0 : 1;
    return Pass(this, table, use);
  }
  if (gate.waiting == 0 && gate.appending == 0 && !gate.changing) gates_.erase(table);
  lock.unlock();
  changed_.notify_all();  // others may have waited behind this one
  return call.CheckAlive();
}

void TableGates::Leave(const std::string& table, Use use) {
  {
    std::lock_guard lock(mutex_);
    Gate& gate = gates_.at(table);
    if (use == Use::kChange) {
      gate.changing = false;
    } else {
      --gate.appending;
    }
    if (gate.waiting == 0 && gate.appending == 0 && !gate.changing) gates_.erase(table);
  }
  changed_.notify_all();
}

}  // namespace pintail::ingest
