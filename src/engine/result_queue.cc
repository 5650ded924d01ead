#include "engine/result_queue.h"

#include <limits>
#include <utility>

namespace pintail::engine {

// The part whose turn it is goes on as long as the reader keeps up; it must never wait
// for parts after it, so what those have made does not count against it.
bool ResultQueue::HasRoom(uint64_t part) const {
  if (part <= first_part_) return ready_bytes_ < limits_.ready_bytes;
  return ahead_bytes_ < limits_.ahead_bytes;
}

bool ResultQueue::MayWork(uint64_t part, const duckdb::InterruptState& wake) {
  std::lock_guard lock(mutex_);
  if (HasRoom(part)) return true;
  parked_.push_back({part, wake});
  return false;
}

void ResultQueue::Push(uint64_t part, std::shared_ptr<arrow::RecordBatch> batch,
                       int64_t bytes) {
  std::lock_guard lock(mutex_);
  if (part > first_part_) {
    ahead_[part].push_back({std::move(batch), bytes});
    ahead_bytes_ += bytes;
    return;
  }
  ready_.push_back({std::move(batch), bytes});
  ready_bytes_ += bytes;
  changed_.notify_one();
}

void ResultQueue::MoveReady() {
  while (!ahead_.empty() && ahead_.begin()->first <= first_part_) {
    for (Entry& entry : ahead_.begin()->second) {
      ahead_bytes_ -= entry.bytes;
      ready_bytes_ += entry.bytes;
      ready_.push_back(std::move(entry));
    }
    ahead_.erase(ahead_.begin());
  }
  if (!ready_.empty() || finished_) changed_.notify_one();
}

ResultQueue::Wakes ResultQueue::TakeUnblocked() {
  Wakes wakes;
  std::erase_if(parked_, [&](const Parked& parked) {
    if (!HasRoom(parked.part)) return false;
    wakes.push_back(parked.wake);
    return true;
  });
  return wakes;
}

void ResultQueue::Wake(const Wakes& wakes) {
  for (const auto& wake : wakes) wake.Callback();
}

void ResultQueue::SetFirstPart(uint64_t part) {
  Wakes wakes;
  {
    std::lock_guard lock(mutex_);
    if (part <= first_part_) return;
    first_part_ = part;
    MoveReady();
    wakes = TakeUnblocked();
  }
  Wake(wakes);
}

void ResultQueue::Finish() {
  std::lock_guard lock(mutex_);
  first_part_ = std::numeric_limits<uint64_t>::max();
  finished_ = true;
  MoveReady();
}

std::shared_ptr<arrow::RecordBatch> ResultQueue::TryPop() {
  std::shared_ptr<arrow::RecordBatch> batch;
  Wakes wakes;
  {
    std::lock_guard lock(mutex_);
    if (ready_.empty()) return nullptr;
    batch = std::move(ready_.front().batch);
    ready_bytes_ -= ready_.front().bytes;
    ready_.pop_front();
    if (!parked_.empty()) wakes = TakeUnblocked();
  }
  Wake(wakes);
  return batch;
}

void ResultQueue::Wait(std::chrono::microseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return !ready_.empty() || finished_; });
}

}  // namespace pintail::engine
