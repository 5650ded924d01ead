#include "ingest/repeats.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using base::MakeError;

// Of what is old, in one go, so that no put pays for a whole night.
constexpr int kMostForgottenAtOnce = 1'000;
constexpr std::chrono::minutes kTidyInterval{1};

std::string NameOf(std::string_view table, std::string_view key) {
  std::string name = std::to_string(table.size());
  name += ':';
  name += table;
  name += key;
  return name;
}

}  // namespace

// The length of the table's name, a colon, the table's name, the key.
std::string KeyInJournal(const engine::AppliedPut& put) {
  return NameOf(put.table, put.key);
}

arrow::Result<engine::AppliedPut> ParseKeyInJournal(const std::string& name) {
  size_t length = 0;
  const char* const last = name.data() + name.size();
  const auto [end, failed] = std::from_chars(name.data(), last, length);
  if (failed != std::errc() || end == last || *end != ':' ||
      length >= static_cast<size_t>(last - end - 1)) {
    return MakeError(ErrorKind::kInvalidArgument, "\"", name,
                     "\" is not the key of a put as the journal writes it");
  }
  return engine::AppliedPut{.table = std::string(end + 1, length),
                            .key = std::string(end + 1 + length, last)};
}

Repeats::Repeats(const Ground& ground, Options options)
    : tails_(ground.tails),
      clock_(ground.clock),
      timers_(ground.timers),
      options_(options),
      repeated_(ground.metrics.GetCounter(
          "repeats_total", "Puts that were not applied because their key was known.")),
      keys_(ground.metrics.GetGauge("repeat_keys",
                                    "Keys of puts that would be known again.")) {}

arrow::Result<std::unique_ptr<Repeats>> Repeats::Open(const Ground& ground,
                                                      Options options) {
  std::unique_ptr<Repeats> repeats(new Repeats(ground, options));
  if (!options.in_database) return repeats;
  ARROW_ASSIGN_OR_RAISE(
      const auto puts,
      ground.tails.OpenPuts(ground.clock.WallNow() - options.window, options.max_keys));
  for (const auto& put : puts) repeats->Remember(put);
  return repeats;
}

Repeats::Claim::Claim(Claim&& other) noexcept
    : repeats_(std::exchange(other.repeats_, nullptr)),
      key_(std::move(other.key_)),
      put_(std::move(other.put_)),
      written_down_(other.written_down_) {}

Repeats::Claim& Repeats::Claim::operator=(Claim&& other) noexcept {
  if (this != &other) {
    Drop();
    repeats_ = std::exchange(other.repeats_, nullptr);
    key_ = std::move(other.key_);
    put_ = std::move(other.put_);
    written_down_ = other.written_down_;
  }
  return *this;
}

std::shared_ptr<const engine::AppliedPut> Repeats::Claim::Apply(int64_t rows) {
  put_ = std::make_shared<engine::AppliedPut>(
      engine::AppliedPut{.table = key_.table,
                         .key = key_.key,
                         .rows = rows,
                         .time = repeats_->clock_.WallNow()});
  return put_;
}

arrow::Status Repeats::Claim::WriteDown(engine::Connection& connection) {
  if (!repeats_->options_.in_database || !key_.outlives) return arrow::Status::OK();
  written_down_ = true;
  return repeats_->tails_.WritePut(connection, *put_);
}

void Repeats::Claim::Confirm() {
  if (Repeats* repeats = std::exchange(repeats_, nullptr)) {
    repeats->Leave(NameOf(key_.table, key_.key), put_.get());
  }
}

void Repeats::Claim::Drop() {
  if (Repeats* repeats = std::exchange(repeats_, nullptr)) {
    repeats->Leave(NameOf(key_.table, key_.key), nullptr);
  }
}

arrow::Result<Repeats::Entry> Repeats::Enter(const base::CallContext& call,
                                             const PutKey& key,
                                             base::Clock::Steady until) {
  const std::string name = NameOf(key.table, key.key);
  // Ends after the lock: its end waits for its callback, which takes the lock.
  std::unique_ptr<base::Timers::Handle> alarm;
  std::unique_lock lock(mutex_);
  if (under_way_.contains(name)) {
    lock.unlock();
    alarm = timers_.At(until, [this] {
      // So that nobody is between looking at the clock and falling asleep.
      {
        const std::lock_guard moment(mutex_);
      }
      changed_.notify_all();
    });
    lock.lock();
    changed_.wait(lock, call.stop_token(),
                  [&] { return !under_way_.contains(name) || clock_.Now() >= until; });
  }
  ARROW_RETURN_NOT_OK(call.CheckAlive());
  if (under_way_.contains(name)) {
    return MakeError(ErrorKind::kConflict, "another put with the key \"", key.key,
                     "\" is under way and has not ended for as long as "
                     "ingest.lock_timeout allows; send this one again later");
  }
  ForgetOld();
  Entry entry{.applied_rows = FindApplied(name), .claim = {}};
  if (entry.applied_rows) {
    repeated_.Add();
    return entry;
  }
  under_way_.emplace(name, clock_.WallNow());
  entry.claim = Claim(this, key);
  return entry;
}

void Repeats::Leave(const std::string& name, const engine::AppliedPut* applied) {
  {
    const std::lock_guard lock(mutex_);
    under_way_.erase(name);
    if (applied != nullptr) Add(*applied);
  }
  changed_.notify_all();
}

void Repeats::Remember(const engine::AppliedPut& put) {
  const std::lock_guard lock(mutex_);
  Add(put);
}

void Repeats::Add(const engine::AppliedPut& put) {
  std::string name = KeyInJournal(put);
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    Forget(known->second);
  }
  // A put of an earlier run is as old as the calendar says, one of this run is new.
  const auto age = std::max(clock_.WallNow() - put.time, base::Clock::Wall::duration(0));
  const auto since =
      clock_.Now() - std::chrono::duration_cast<std::chrono::nanoseconds>(age);
  const auto added =
      applied_
          .emplace(Age(since, next_number_++),
                   Applied{.name = std::move(name), .rows = put.rows, .time = put.time})
          .first;
  by_name_[added->second.name] = added;
  while (static_cast<int64_t>(applied_.size()) > options_.max_keys) {
    Forget(applied_.begin());
  }
  keys_.Set(static_cast<double>(applied_.size()));
}

void Repeats::Forget(std::map<Age, Applied>::iterator applied) {
  by_name_.erase(applied->second.name);
  applied_.erase(applied);
  has_forgotten_ = true;
}

void Repeats::ForgetOld() {
  const base::Clock::Steady last = clock_.Now() - options_.window;
  for (int i = 0; i < kMostForgottenAtOnce && !applied_.empty(); ++i) {
    if (applied_.begin()->first.first > last) break;
    Forget(applied_.begin());
  }
  keys_.Set(static_cast<double>(applied_.size()));
}

std::optional<int64_t> Repeats::FindApplied(const std::string& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  // The old are not all forgotten at once.
  if (found->second->first.first <= clock_.Now() - options_.window) {
    return std::nullopt;
  }
  return found->second->second.rows;
}

std::optional<base::Clock::Wall> Repeats::DueForTidying() {
  const std::lock_guard lock(mutex_);
  ForgetOld();
  const base::Clock::Steady now = clock_.Now();
  if (!has_forgotten_ || (tidied_ && now - *tidied_ < kTidyInterval)) return std::nullopt;
  tidied_ = now;
  has_forgotten_ = false;
  base::Clock::Wall before = clock_.WallNow() - options_.window;
  if (!applied_.empty()) before = applied_.begin()->second.time;
  // The calendar may have jumped between two puts; and what is under way may be in the
  // database already.
  for (const auto& [age, applied] : applied_) before = std::min(before, applied.time);
  for (const auto& [name, since] : under_way_) before = std::min(before, since);
  return before;
}

void Repeats::Tidy() {
  if (!options_.in_database) return;
  const auto before = DueForTidying();
  if (!before || tails_.ForgetPuts(*before).ok()) return;
  const std::lock_guard lock(mutex_);
  has_forgotten_ = true;
}

}  // namespace pintail::ingest
