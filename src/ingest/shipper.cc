#include "ingest/shipper.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "engine/names.h"
#include "ingest/refusal.h"
#include "ingest/without_passwords.h"

namespace pintail::ingest {
namespace {

constexpr uint64_t kNothingWaits = std::numeric_limits<uint64_t>::max();
// Records whose puts may still wait to hear of their refused rows.
constexpr size_t kMostRefused = 1'000;
// Beyond this many, records that wait are counted together.
constexpr size_t kMostWaiting = 4096;
// Rows that are tried when a source's words about one may mean all.
constexpr int kMostOthers = 3;

int64_t RowsOf(const journal::Record& record) {
  int64_t rows = 0;
  for (const auto& batch : record.batches) rows += batch->num_rows();
  return rows;
}

// The rows [from, to) of all batches together.
arrow::RecordBatchVector SliceOf(const arrow::RecordBatchVector& batches, int64_t from,
                                 int64_t to) {
  arrow::RecordBatchVector slices;
  int64_t first = 0;
  for (const auto& batch : batches) {
    const int64_t begin = std::max(from, first) - first;
    const int64_t end = std::min(to, first + batch->num_rows()) - first;
    if (begin < end) slices.push_back(batch->Slice(begin, end - begin));
    first += batch->num_rows();
  }
  return slices;
}

// Types whose tables have transactions that outlive a crash.
std::string GuaranteeOf(const std::string& type) {
  if (type.empty()) return "unknown";
  const bool exact = type == "postgres" || type == "mysql" || type == "sqlite" ||
                     type == "duckdb" || type == "motherduck";
  return exact ? "exactly once" : "at least once";
}

}  // namespace

Shipper::Shipper(WriteThrough what, std::string name, Ground ground, Options options)
    : what_(std::move(what)),
      name_(std::move(name)),
      ground_(std::move(ground)),
      options_(options),
      link_(ground_.link, what_.target.catalog),
      reader_(ground_.folder),
      limit_(options.most_rows) {
  figures_.what = what_;
  figures_.state = "unknown";
  figures_.guarantee = "unknown";
}

void Shipper::Published(uint64_t position, int64_t rows, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (position <= published_) return;
  published_ = position;
  arrived_.rows += rows;
  arrived_.bytes += bytes;
  if (waiting_.size() < kMostWaiting) {
    waiting_.push_back({.position = position,
                        .rows = rows,
                        .bytes = bytes,
                        .since = ground_.clock.Now()});
    return;
  }
  Waiting& last = waiting_.back();
  last.position = position;
  last.rows += rows;
  last.bytes += bytes;
}

void Shipper::Nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_one();
}

void Shipper::Start() {
  alarm_ = ground_.timers.Every(options_.interval, [this] {
    // Also what is due for another try, and what was synced meanwhile.
    if (sent() != kNothingWaits) Nudge();
  });
  thread_ = std::thread([this] { Run(); });
  Nudge();
}

void Shipper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  sent_.notify_all();
  alarm_.reset();
  link_.Interrupt();
  if (thread_.joinable()) thread_.join();
}

uint64_t Shipper::sent() const {
  const std::lock_guard lock(mutex_);
  if (figures_.place.position >= published_) return kNothingWaits;
  return figures_.place.position;
}

Shipper::Arrived Shipper::arrived() const {
  const std::lock_guard lock(mutex_);
  return arrived_;
}

WriteThroughFigures Shipper::figures() const {
  const std::lock_guard lock(mutex_);
  WriteThroughFigures figures = figures_;
  for (const Waiting& each : waiting_) {
    figures.lag_rows += each.rows;
    figures.lag_bytes += each.bytes;
  }
  if (!waiting_.empty()) figures.oldest = waiting_.front().since;
  figures.dead_letters = ground_.letters.CountOf(what_.table);
  const bool idle = figures.state != "failing" && figures.state != "unknown";
  if (idle) figures.state = waiting_.empty() ? "idle" : "sending";
  return figures;
}

bool Shipper::IsDue() const {
  return nudged_ && (!retry_at_ || ground_.clock.Now() >= *retry_at_);
}

void Shipper::Run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        if (stopping_ || IsDue()) return true;
        nudged_ = false;
        return false;
      });
      if (stopping_) break;
      nudged_ = false;
    }
    auto did = Step();
    while (did.ok() && *did) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) break;
      }
      did = Step();
    }
    if (!did.ok()) NoteFailure(did.status());
  }
  link_.Drop();
}

arrow::Result<bool> Shipper::Step() {
  {
    // A source is first asked when there is something for it.
    const std::lock_guard lock(mutex_);
    if (figures_.place.position >= published_) return false;
  }
  if (!known_) ARROW_RETURN_NOT_OK(FindPlace());
  ARROW_RETURN_NOT_OK(Gather());
  if (records_.empty()) return false;
  const Shipment shipment = Cut(limit_);
  const auto shipped = table_->Ship(*known_, shipment.to, shipment.rows);
  if (!shipped.ok()) {
    ARROW_RETURN_NOT_OK(Failed(shipment, shipped.status()));
    return true;
  }
  if (!*shipped) {
    // Someone else moved it, or a commit of ours came to be though it looked otherwise.
    known_.reset();
    return true;
  }
  Sent(shipment);
  return true;
}

arrow::Status Shipper::FindPlace() {
  if (!table_) {
    ARROW_ASSIGN_OR_RAISE(const std::string journal, journal::IdentityOf(ground_.folder));
    table_ = std::make_unique<SourceTable>(link_, what_.target, name_, journal);
  }
  ARROW_ASSIGN_OR_RAISE(const Place place, table_->Read());
  const uint64_t newest = ground_.journal.figures().newest;
  if (place.position > newest) {
    return base::MakeError(
        base::ErrorKind::kInvalidSql, "the source has the rows of ", name_,
        " up to position ", place.position, " of the journal, which ends at ", newest,
        ": it is an older copy. Nothing is sent, and rows are kept; bring the journal "
        "that belongs to the source back, or, if nothing that was acknowledged since is "
        "to be sent again, set the position in pintail_positions to ",
        newest);
  }
  // What was gathered begins at the place before.
  if (records_.empty() || place != figures_.place) {
    records_.clear();
    records_bytes_ = 0;
    reader_.Seek(place.position);
  }
  known_ = place;
  SetPlace(place);
  const std::lock_guard lock(mutex_);
  figures_.guarantee = GuaranteeOf(link_.type());
  return arrow::Status::OK();
}

arrow::Status Shipper::Gather() {
  const uint64_t up_to = ground_.journal.figures().synced;
  while (records_bytes_ < options_.most_bytes) {
    ARROW_ASSIGN_OR_RAISE(auto found, reader_.Next(
                                          [this](std::string_view table) {
                                            return base::LowerCase(std::string(table)) ==
                                                   name_;
                                          },
                                          up_to));
    if (!found) break;
    records_bytes_ += found->bytes;
    records_.push_back(*std::move(found));
  }
  return arrow::Status::OK();
}

Shipper::Shipment Shipper::CutFrom(size_t record, int64_t part, int64_t most_rows) const {
  Shipment shipment{.to = *known_};
  if (record > 0) shipment.to = {.position = records_[record - 1].position, .part = 0};
  int64_t skip = part;
  for (size_t i = record; i < records_.size(); ++i) {
    const auto& found = records_[i];
    const int64_t all = RowsOf(found.record);
    const int64_t from = std::min(skip, all);
    skip = 0;
    const int64_t to = std::min(all, from + most_rows - shipment.row_count);
    for (auto& slice : SliceOf(found.record.batches, from, to)) {
      shipment.rows.push_back(std::move(slice));
    }
    shipment.row_count += to - from;
    if (to < all) {
      shipment.to.part = to;
      break;
    }
    shipment.to = {.position = found.position, .part = 0};
    ++shipment.records;
    if (shipment.row_count >= most_rows) break;
  }
  return shipment;
}

void Shipper::SetPlace(const Place& place) {
  const std::lock_guard lock(mutex_);
  figures_.place = place;
  while (!waiting_.empty() && waiting_.front().position <= place.position) {
    waiting_.pop_front();
  }
  sent_.notify_all();
}

uint64_t Shipper::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

arrow::Status Shipper::AwaitSent(const base::CallContext& call, uint64_t position,
                                 base::Clock::Steady until) {
  if (call.deadline()) until = std::min(until, *call.deadline());
  // Ends after the lock: its end waits for its callback, which takes the lock.
  const auto alarm = ground_.timers.At(until, [this] {
    const std::lock_guard lock(mutex_);
    sent_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const auto is_sent = [&] { return figures_.place.position >= position; };
  sent_.wait(lock, call.stop_token(),
             [&] { return is_sent() || stopping_ || ground_.clock.Now() >= until; });
  if (!is_sent()) {
    return base::MakeError(
        base::ErrorKind::kUnavailable, "rows of the table ", name_,
        what_.sync ? "" : " that are older than what it keeps", " are acknowledged once ",
        engine::QuoteName(what_.target), " has them, and it has not taken these in time",
        figures_.last_error.empty() ? "" : " (" + figures_.last_error + ")",
        ". They are in the journal at position ", position,
        " and will be sent: do not send them again");
  }
  const auto refused = refused_.find(position);
  if (refused == refused_.end()) return arrow::Status::OK();
  const Refused& letters = refused->second;
  return base::MakeError(base::ErrorKind::kInvalidArgument,
                         engine::QuoteName(what_.target), " has refused ", letters.rows,
                         " of these rows (", letters.reason,
                         "). They are in pintail.dead_letters, and the others are "
                         "stored: do not send them again");
}

void Shipper::Sent(const Shipment& shipment) {
  for (size_t i = 0; i < shipment.records; ++i) {
    records_bytes_ -= records_.front().bytes;
    records_.pop_front();
  }
  known_ = shipment.to;
  refusals_ = 0;
  limit_ = std::min(limit_ * 2, options_.most_rows);
  SetPlace(shipment.to);
  const std::lock_guard lock(mutex_);
  figures_.state = "sending";
  figures_.sent_rows += shipment.row_count;
  ++figures_.shipments;
  figures_.last_sent = ground_.clock.WallNow();
  figures_.failures = 0;
  figures_.last_error.clear();
  retry_at_.reset();
}

arrow::Status Shipper::Failed(const Shipment& shipment, const arrow::Status& failure) {
  link_.Drop();
  known_.reset();
  const Fault fault = FaultOf(failure);
  if (fault == Fault::kSource) return failure;
  // Whether the source is well is seen when it is asked for its place; if it has the
  // rows after all, they are not sent again.
  ++refusals_;
  if (fault == Fault::kUnclear && refusals_ < options_.patience) return failure;
  ARROW_RETURN_NOT_OK(FindPlace());
  if (records_.empty()) return arrow::Status::OK();
  if (shipment.row_count > 1) {
    limit_ = shipment.row_count / 2;
    return arrow::Status::OK();
  }
  // What may be said of any row is taken for this one's fault when another one is taken.
  if (fault == Fault::kUnclear && !TakesAnother(shipment)) return failure;
  return Bury(shipment, failure);
}

bool Shipper::TakesAnother(const Shipment& refused) {
  size_t record = refused.records;
  int64_t part = refused.to.part;
  for (int i = 0; i < kMostOthers && record < records_.size(); ++i) {
    const Shipment other = CutFrom(record, part, 1);
    if (other.row_count == 1 && table_->Try(other.rows).ok()) return true;
    link_.Drop();
    record += other.records;
    part = other.to.part;
  }
  return false;
}

arrow::Status Shipper::Bury(const Shipment& shipment, const arrow::Status& reason) {
  if (shipment.rows.size() == 1) {
    ARROW_RETURN_NOT_OK(ground_.letters.Add(what_, *known_, *shipment.rows.front(),
                                            WithoutPasswords(reason.message())));
    ground_.log.Error("a source refuses a row, which is a dead letter now",
                      {{"table", name_},
                       {"target", engine::QuoteName(what_.target)},
                       {"position", static_cast<int64_t>(known_->position)},
                       {"row", known_->part}});
    const std::lock_guard lock(mutex_);
    Refused& refused = refused_[records_.front().position];
    ++refused.rows;
    refused.reason = WithoutPasswords(reason.message());
    if (refused_.size() > kMostRefused) refused_.erase(refused_.begin());
  }
  Shipment nothing = shipment;
  nothing.rows.clear();
  nothing.row_count = 0;
  const auto moved = table_->Ship(*known_, shipment.to, {});
  if (!moved.ok()) {
    link_.Drop();
    known_.reset();
    return moved.status();
  }
  if (*moved) {
    Sent(nothing);
  } else {
    known_.reset();
  }
  return arrow::Status::OK();
}

std::chrono::milliseconds Shipper::RetryAfter(int64_t failures) const {
  auto wait = options_.first_retry;
  for (int64_t i = 1; i < failures && wait < options_.last_retry; ++i) wait *= 2;
  wait = std::min(wait, options_.last_retry);
  // Many tables of one source shall not come back all at once.
  thread_local std::mt19937_64 generator{std::random_device{}()};
  std::uniform_int_distribution<int64_t> jitter(wait.count() / 2, wait.count());
  return std::chrono::milliseconds(jitter(generator));
}

void Shipper::NoteFailure(const arrow::Status& failure) {
  link_.Drop();
  known_.reset();
  const std::string reason = WithoutPasswords(failure.message());
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    is_new = figures_.last_error != reason;
    figures_.state = "failing";
    figures_.last_error = reason;
    ++figures_.failures;
    ++figures_.retries;
    retry_at_ = ground_.clock.Now() + RetryAfter(figures_.failures);
  }
  if (!is_new) return;
  ground_.log.Warn(
      "rows cannot be sent to their source now; they are kept, and it is "
      "tried again",
      {{"table", name_}, {"target", engine::QuoteName(what_.target)}, {"error", reason}});
}

}  // namespace pintail::ingest
