#include "journal/group_writer.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;

// More than there are ever callers; bounds what is looked at under the lock.
constexpr size_t kMaxGroup = 4096;

}  // namespace

// A caller in Write. The lock is held when it begins and when it ends.
class GroupWriter::Visit {
 public:
  explicit Visit(GroupWriter& writer) : writer_(writer) { ++writer_.visitors_; }
  ~Visit() {
    if (--writer_.visitors_ == 0) writer_.left_.notify_all();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  GroupWriter& writer_;
};

GroupWriter::GroupWriter(Options options, const Ground& ground, LogEnd end)
    : options_(std::move(options)),
      timers_(ground.timers),
      clock_(ground.clock),
      log_sink_(ground.log),
      log_(options_.log, ground, std::move(end)) {
  CopyFigures();
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "journal");
  sync_timer_ = timers_.Every(options_.sync_interval, [this] { OnSyncInterval(); });
  idle_timer_ = timers_.Every(options_.idle_interval, [this] { OnIdleInterval(); });
}

GroupWriter::~GroupWriter() {
  Stop();
  Lock lock(mutex_);
  left_.wait(lock, [this] { return visitors_ == 0; });
}

arrow::Status GroupWriter::Write(const base::CallContext& call, WaitingRecord& waiting) {
  // Ends after the lock: its end waits for its callback, which takes the lock.
  std::unique_ptr<base::Timers::Handle> alarm;
  Lock lock(mutex_);
  const Visit visit(*this);
  ARROW_RETURN_NOT_OK(TakeRoom(call, waiting.record.record_bytes(), lock, &alarm));
  queue_.push_back(&waiting);
  if (taken_) {
    waiting.changed.wait(lock, [&] { return waiting.done || waiting.leads; });
    if (waiting.done) return waiting.outcome;
  }
  taken_ = true;
  WriteGroup(lock);  // whose first record is this one
  HandOn(/*to_chores=*/true);
  return waiting.outcome;
}

arrow::Status GroupWriter::CheckOpen() const {
  if (stopping_) {
    return base::MakeError(ErrorKind::kUnavailable,
                           "the server is shutting down; its journal takes no new data");
  }
  return failure_;
}

bool GroupWriter::HasRoom(int64_t bytes, uint64_t turn) const {
  return *turns_.begin() == turn &&
         figures_.bytes + pending_bytes_ + bytes <= options_.max_bytes;
}

arrow::Status GroupWriter::Refusal(int64_t bytes) const {
  return base::MakeError(
      ErrorKind::kResourceExhausted, "the journal is full: ", figures_.bytes, " of ",
      options_.max_bytes, " bytes are data that are not in the database yet, ",
      pending_bytes_, " are being written, and ", bytes,
      " more were to come; try again later, or raise the journal's size");
}

arrow::Status GroupWriter::TakeRoom(const base::CallContext& call, int64_t bytes,
                                    Lock& lock,
                                    std::unique_ptr<base::Timers::Handle>* alarm) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  ARROW_RETURN_NOT_OK(call.CheckAlive());
  // An empty log has a header, and a large record begins a segment of its own.
  if (bytes + 2 * kHeaderBytes > options_.max_bytes) {
    return base::MakeError(ErrorKind::kResourceExhausted, "a commit of ", bytes,
                           " bytes does not fit into a journal of ", options_.max_bytes,
                           " bytes; send less at a time, or raise the journal's size");
  }
  const uint64_t turn = next_turn_++;
  turns_.insert(turn);
  base::Clock::Steady until = clock_.Now() + options_.patience;
  if (call.deadline()) until = std::min(until, *call.deadline());
  auto late = [&] { return clock_.Now() >= until; };
  auto over = [&] { return HasRoom(bytes, turn) || !CheckOpen().ok() || late(); };
  if (!over()) {
    lock.unlock();
    *alarm = timers_.At(until, [this] {
      const std::lock_guard alarm_lock(mutex_);
      room_.notify_all();
    });
    lock.lock();
    // Maybe all that is in the way is a newest segment that nobody needs.
    tend_due_ = true;
    work_.notify_one();
    room_.wait(lock, call.stop_token(), over);
  }
  arrow::Status status = CheckOpen();
  // Why there was no time left says more than that there was none.
  if (status.ok() && !HasRoom(bytes, turn) && late()) status = Refusal(bytes);
  if (status.ok()) status = call.CheckAlive();
  if (status.ok()) pending_bytes_ += bytes;
  turns_.erase(turn);
  room_.notify_all();  // others may have waited behind this one
  return status;
}

void GroupWriter::Release(Position position) {
  const std::lock_guard lock(mutex_);
  if (position <= released_) return;
  released_ = position;
  figures_.released = position;
  tend_due_ = true;
  work_.notify_one();
}

void GroupWriter::Stop() {
  const std::lock_guard stop_lock(stop_mutex_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.notify_one();
    room_.notify_all();
  }
  sync_timer_ = nullptr;
  idle_timer_ = nullptr;
  if (thread_.joinable()) thread_.join();
}

Figures GroupWriter::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures = figures_;
  figures.queued = static_cast<int64_t>(queue_.size());
  figures.waiting = static_cast<int64_t>(turns_.size());
  figures.failed = !failure_.ok();
  return figures;
}

void GroupWriter::OnSyncInterval() {
  const std::lock_guard lock(mutex_);
  if (!interval_owed_) return;
  sync_due_ = true;
  work_.notify_one();
}

void GroupWriter::OnIdleInterval() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(appended_since_idle_, false)) return;
  shrink_due_ = true;
  work_.notify_one();
}

// Who waits for its commit goes before the rest, but not for ever: after each group that
// has its turn.
void GroupWriter::HandOn(bool to_chores) {
  if (to_chores && HasChores()) {
    thread_leads_ = true;
    work_.notify_one();
  } else if (!queue_.empty()) {
    queue_.front()->leads = true;
    queue_.front()->changed.notify_one();
  } else {
    taken_ = false;
    if (stopping_) work_.notify_one();
  }
}

void GroupWriter::Run() {
  Lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] {
      return thread_leads_ || (!taken_ && (HasChores() || stopping_));
    });
    thread_leads_ = false;
    // What has taken room is in the queue already.
    if (!HasChores()) break;
    taken_ = true;
    Tend(lock);
    HandOn(/*to_chores=*/false);
  }
  lock.unlock();
  const arrow::Status status = Guarded([this] { return log_.Close(); });
  lock.lock();
  if (failure_.ok()) failure_ = status;
  CopyFigures();
}

// Runs what must not let an exception out: after one nothing is known of the log.
template <typename Work>
arrow::Status GroupWriter::Guarded(Work work) {
  std::string reason;
  try {
    return work();
  } catch (const std::exception& exception) {
    reason = exception.what();
  } catch (...) {
    reason = "unknown";
  }
  const arrow::Status status =
      base::MakeError(ErrorKind::kInternal, "the journal has failed (", reason,
                      ") and takes nothing more; start the server again");
  log_sink_.Error("the journal has failed", {{"reason", reason}});
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  return status;
}

std::vector<WaitingRecord*> GroupWriter::TakeGroup() {
  std::vector<EncodedRecord*> records;
  const size_t most = std::min(queue_.size(), kMaxGroup);
  records.reserve(most);
  for (size_t i = 0; i < most; ++i) records.push_back(&queue_[i]->record);
  const auto count = static_cast<std::ptrdiff_t>(log_.GroupSize(records));
  std::vector<WaitingRecord*> group(queue_.begin(), queue_.begin() + count);
  queue_.erase(queue_.begin(), queue_.begin() + count);
  return group;
}

void GroupWriter::WriteGroup(Lock& lock) {
  const std::vector<WaitingRecord*> group = TakeGroup();
  const arrow::Status refused = failure_;
  lock.unlock();
  const arrow::Status outcome =
      refused.ok() ? Guarded([&] { return WriteAndPublish(group); }) : refused;
  lock.lock();
  if (failure_.ok()) failure_ = log_.failure();
  Finish(group, outcome);
}

arrow::Status GroupWriter::WriteAndPublish(const std::vector<WaitingRecord*>& group) {
  std::vector<EncodedRecord*> records;
  records.reserve(group.size());
  for (WaitingRecord* waiting : group) records.push_back(&waiting->record);
  const bool sync = std::ranges::contains(
      group, Durability::kSync, [](auto* waiting) { return waiting->durability; });
  ARROW_RETURN_NOT_OK(log_.Write(records, sync));
  for (WaitingRecord* waiting : group) {
    if (waiting->publish) waiting->publish(waiting->record.position());
  }
  return arrow::Status::OK();
}

void GroupWriter::Finish(const std::vector<WaitingRecord*>& group,
                         const arrow::Status& outcome) {
  CopyFigures();
  figures_.fault = outcome.message();
  if (outcome.ok()) {
    ++figures_.groups;
    figures_.records += static_cast<int64_t>(group.size());
    appended_since_idle_ = true;
  }
  for (WaitingRecord* waiting : group) {
    pending_bytes_ -= waiting->record.record_bytes();
    interval_owed_ |= waiting->durability == Durability::kInterval;
  }
  interval_owed_ &= log_.has_unsynced();
  for (WaitingRecord* waiting : group) {
    waiting->outcome = outcome;
    waiting->done = true;
    // Under the lock: once it is free, the caller may return and this is gone.
    waiting->changed.notify_one();
  }
  if (!turns_.empty()) room_.notify_all();
}

void GroupWriter::Tend(Lock& lock) {
  const bool sync = std::exchange(sync_due_, false);
  const bool shrink = std::exchange(shrink_due_, false) || !turns_.empty();
  tend_due_ = false;
  const Position released = released_;
  lock.unlock();
  const bool owed = sync && log_.has_unsynced();
  arrow::Status synced;
  // What failed is in the log and in the figures; nobody waits for it.
  static_cast<void>(Guarded([&] {
    if (owed) synced = log_.Sync();
    if (shrink) {
      log_.RemoveAll(released);
    } else {
      log_.Remove(released);
    }
    return arrow::Status::OK();
  }));
  lock.lock();
  interval_owed_ &= log_.has_unsynced();
  CopyFigures();
  if (owed) figures_.fault = synced.message();
  room_.notify_all();
}

void GroupWriter::CopyFigures() {
  figures_.bytes = log_.bytes();
  figures_.segments = log_.segments();
  figures_.newest = log_.newest();
  figures_.synced = log_.synced();
  figures_.syncs = log_.sync_times();
  figures_.failed_writes = log_.failed_writes();
}

}  // namespace pintail::journal
