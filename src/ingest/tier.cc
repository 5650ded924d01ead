#include "ingest/tier.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "engine/names.h"
#include "ingest/tier_source.h"
#include "ingest/without_passwords.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using engine::QuoteName;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Rows younger than this stay when others leave because they are too many: producers are
// a little late, and who sends a row below the boundary waits for the source.
constexpr seconds kYoung{10};
// So that not every row that comes makes another one leave.
constexpr int64_t kKeptPercent = 90;
// Conflicts with the one who moves the tail are over soon.
constexpr int64_t kPatience = 20;

// How far the boundary goes at a time.
milliseconds StepOf(const Retention& retention) {
  return std::clamp<milliseconds>(retention.age.value_or(seconds(20)) / 20, seconds(1),
                                  seconds(60));
}

}  // namespace

arrow::Result<std::unique_ptr<Tier>> Tier::Open(const Ground& ground,
                                                const WriteThrough& what) {
  std::unique_ptr<Tier> tier(new Tier(ground, what));
  ARROW_ASSIGN_OR_RAISE(tier->boundary_, tier->table_.Register());
  tier->mark_ = tier->boundary_;
  tier->figures_.what = what;
  return tier;
}

void Tier::Start() {
  const auto interval = std::min<milliseconds>(StepOf(*what_.retention), seconds(1)) / 2;
  alarm_ = ground_.timers.Every(interval, [this] {
    {
      const std::lock_guard lock(mutex_);
      nudged_ = true;
    }
    changed_.notify_one();
  });
  thread_ = std::thread([this] { Run(); });
}

void Tier::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  alarm_.reset();
  if (thread_.joinable()) thread_.join();
}

void Tier::Run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return nudged_ || stopping_; });
      if (stopping_) return;
      nudged_ = false;
    }
    const arrow::Status status = Step();
    if (!status.ok()) NoteFailure(status);
  }
}

void Tier::NoteFailure(const arrow::Status& failure) {
  ++failures_;
  if (base::KindOf(failure) == ErrorKind::kConflict && failures_ < kPatience) return;
  const std::string reason = WithoutPasswords(failure.message());
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(figures_.last_error, reason) == reason) return;
  }
  ground_.log.Warn("older rows cannot be left to their source now; it is tried again",
                   {{"table", QuoteName(what_.table)}, {"error", reason}});
}

arrow::Status Tier::Step() {
  if (type_.empty()) {
    ARROW_ASSIGN_OR_RAISE(type_, table_.ReadType());
    if (type_.empty()) return arrow::Status::OK();
    NoteBoundary();
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t rows_here, table_.CountRows());
  {
    const std::lock_guard lock(mutex_);
    figures_.rows = rows_here;
  }
  if (mark_ == boundary_) {
    ARROW_ASSIGN_OR_RAISE(const int64_t wanted, Wanted(rows_here));
    if (wanted <= boundary_) return arrow::Status::OK();
    // Where nothing has left the source need not be asked, and what does not leave is
    // found here for longer.
    ARROW_ASSIGN_OR_RAISE(const bool has_some, table_.HasBelow(wanted));
    if (!has_some) return arrow::Status::OK();
    // In this order: a record that is published after the position is read belongs to a
    // put that sees the mark.
    mark_ = wanted;
    wanted_ = ground_.published();
    NoteBoundary();
  }
  if (ground_.shipper.sent() < wanted_) return arrow::Status::OK();
  // It is there now, unless the rows came to nothing.
  const arrow::Status checked = CheckSource();
  if (checked.ok()) return Move();
  mark_ = boundary_;
  NoteBoundary();
  return checked;
}

arrow::Result<int64_t> Tier::Wanted(int64_t rows_here) {
  const auto now = ground_.clock.WallNow().time_since_epoch();
  const auto second_before = [&](milliseconds age) {
    return BoundaryAtOrBefore(type_, std::chrono::floor<seconds>(now - age).count());
  };
  int64_t wanted = kNoBoundary;
  if (what_.retention->age) {
    wanted = second_before(*what_.retention->age);
    const auto step = std::chrono::floor<seconds>(StepOf(*what_.retention)).count();
    if (boundary_ != kNoBoundary && wanted - boundary_ < step) wanted = kNoBoundary;
  }
  const auto most = MostRows();
  if (most && rows_here > *most) {
    ARROW_ASSIGN_OR_RAISE(const int64_t by_rows,
                          table_.BoundaryKeeping(*most * kKeptPercent / 100));
    wanted = std::max(wanted, std::min(by_rows, second_before(kYoung)));
  }
  return wanted;
}

std::optional<int64_t> Tier::MostRows() const {
  std::optional<int64_t> most = what_.retention->rows;
  if (!what_.retention->bytes) return most;
  // A table gets larger only by what comes.
  const auto [rows, bytes] = ground_.shipper.arrived();
  if (rows == 0) return most;
  const int64_t bytes_of_row = std::max<int64_t>(bytes / rows, 1);
  const int64_t by_bytes = *what_.retention->bytes / bytes_of_row;
  return most ? std::min(*most, by_bytes) : by_bytes;
}

arrow::Status Tier::CheckSource() {
  if (is_checked_) return arrow::Status::OK();
  SourceLink link(ground_.link, what_.target.catalog);
  const arrow::Status checked =
      CheckSourceKeepsTimes(link, what_.target, what_.retention->column, type_);
  is_checked_ = checked.ok();
  return checked;
}

arrow::Status Tier::Move() {
  const int64_t boundary = mark_;
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, table_.Move(boundary));
  boundary_ = boundary;
  failures_ = 0;
  NoteBoundary();
  const std::lock_guard lock(mutex_);
  ++figures_.moves;
  figures_.moved_rows += rows;
  figures_.rows = std::max<int64_t>(figures_.rows - rows, 0);
  figures_.last_move = ground_.clock.WallNow();
  figures_.last_error.clear();
  return arrow::Status::OK();
}

bool Tier::IsLate(const arrow::RecordBatchVector& rows) const {
  const int64_t mark = mark_;
  return std::ranges::any_of(rows, [&](const auto& batch) {
    return HasRowBelow(*batch, what_.retention->column, mark);
  });
}

TierFigures Tier::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void Tier::NoteBoundary() {
  const std::lock_guard lock(mutex_);
  if (boundary_ != kNoBoundary) {
    figures_.boundary_second = boundary_;
    figures_.boundary = BoundaryText(type_, boundary_);
  }
  figures_.moving_to = mark_ == boundary_ ? "" : BoundaryText(type_, mark_);
}

}  // namespace pintail::ingest
