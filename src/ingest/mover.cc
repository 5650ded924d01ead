#include "ingest/mover.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/names.h"

namespace pintail::ingest {

Mover::Mover(engine::Tails& tails, base::Timers& timers, const base::Clock& clock,
             base::Log& log, Options options)
    : tails_(tails), timers_(timers), clock_(clock), log_(log), options_(options) {}

Mover::~Mover() { (void)Stop(); }

void Mover::Start(OnMoved on_moved) {
  on_moved_ = std::move(on_moved);
  const auto step = std::max(options_.max_age / 4, std::chrono::milliseconds(1));
  alarm_ = timers_.Every(step, [this] { Wake(); });
  thread_ = std::thread([this] { Run(); });
}

// Most rows wait for their age, which the alarm looks after; it also finds a table that
// has enough with what was there before.
void Mover::Arrived(int64_t rows) {
  if (arrived_rows_ += rows; arrived_rows_ < options_.enough_rows) return;
  arrived_rows_ = 0;
  Wake();
}

void Mover::MakeRoom() {
  {
    const std::lock_guard lock(mutex_);
    hurries_ = true;
  }
  Wake();
}

void Mover::Wake() {
  {
    const std::lock_guard lock(mutex_);
    awake_ = true;
  }
  changed_.notify_one();
}

void Mover::Run() {
  while (true) {
    bool everything = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return awake_ || stopping_; });
      if (stopping_) return;
      awake_ = false;
      everything = std::exchange(hurries_, false);
    }
    // All at once only: what arrives meanwhile would be moved row by row.
    while (MoveDue(std::exchange(everything, false))) {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    Tell();  // statements move rows too
  }
}

bool Mover::IsDue(const engine::TailFigures& tail) const {
  return tail.rows >= options_.enough_rows ||
         clock_.Now() - tail.oldest >= options_.max_age;
}

bool Mover::MoveDue(bool everything) {
  bool moved = false;
  const auto tails = tails_.figures();
  Forget(tails);
  for (const engine::TailFigures& tail : tails) {
    if (!everything && !IsDue(tail)) continue;
    const auto rows = tails_.Move(tail.table, options_.rows_at_once);
    if (!rows.ok()) {
      Failed(tail, rows.status());
      continue;
    }
    if (*rows == 0) continue;
    {
      const std::lock_guard lock(mutex_);
      failures_.erase(engine::QuoteName(tail.table));
    }
    moved = true;
    Tell();
  }
  return moved;
}

void Mover::Failed(const engine::TailFigures& tail, const arrow::Status& status) {
  const std::string table = engine::QuoteName(tail.table);
  {
    const std::lock_guard lock(mutex_);
    arrow::Status& last = failures_[table];
    const bool is_known = status.Equals(last);
    last = status;
    // Once for each reason: it is tried again every time rows arrive or are old.
    if (is_known) return;
  }
  log_.Error(
      "rows that have arrived cannot be stored in their table yet; they are "
      "kept, and it is tried again",
      {{"table", table}, {"rows", tail.rows}, {"error", status.message()}});
}

void Mover::Forget(const std::vector<engine::TailFigures>& tails) {
  const std::lock_guard lock(mutex_);
  if (failures_.empty()) return;
  std::set<std::string> waiting;
  for (const auto& tail : tails) waiting.insert(engine::QuoteName(tail.table));
  std::erase_if(failures_,
                [&](const auto& each) { return !waiting.contains(each.first); });
}

std::map<std::string, arrow::Status> Mover::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

void Mover::Tell() {
  if (!on_moved_) return;
  // First: what is published later is either in a tail when they are looked at, or moved.
  uint64_t released = published_;
  for (const engine::TailFigures& tail : tails_.figures()) {
    if (tail.first_position != 0) released = std::min(released, tail.first_position - 1);
  }
  on_moved_(released);
}

arrow::Status Mover::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_)
      return failures_.empty() ? arrow::Status::OK() : failures_.begin()->second;
    stopping_ = true;
  }
  changed_.notify_one();
  alarm_.reset();
  // Where the start was refused everything stays as it is.
  if (!thread_.joinable()) return arrow::Status::OK();
  thread_.join();
  while (MoveDue(/*everything=*/true)) {
  }
  const auto failed = failures();
  return failed.empty() ? arrow::Status::OK() : failed.begin()->second;
}

}  // namespace pintail::ingest
