#include "cache/copies.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "cache/copies_entry.h"
#include "cache/copies_view.h"

namespace pintail::cache {
namespace {

using base::ErrorKind;
using base::MakeError;
using std::chrono::milliseconds;

// How soon it is seen that a copy is due.
constexpr milliseconds kTick{100};
constexpr milliseconds kFirstRetry{1'000};
constexpr milliseconds kLastRetry{5 * 60'000};

bool SameName(const std::string& left, const std::string& right) {
  return base::LowerCase(left) == base::LowerCase(right);
}

// After a failure, doubling.
milliseconds RetryAfter(int64_t failures) {
  milliseconds wait = kFirstRetry;
  for (int64_t i = 1; i < failures && wait < kLastRetry; ++i) wait *= 2;
  return std::min(wait, kLastRetry);
}

}  // namespace

Copies::Copies(const Rooms& rooms, Options options)
    : rooms_(rooms),
      options_(std::move(options)),
      states_(engine::CopiesOf(rooms.database)),
      view_(std::make_shared<View>()) {
  view_->copies = this;
}

Copies::~Copies() {
  Stop();
  states_.SetBeforeWrite(nullptr);
  const std::lock_guard lock(view_->mutex);
  view_->copies = nullptr;
}

arrow::Result<std::unique_ptr<Copies>> Copies::Open(const Rooms& rooms, Options options) {
  std::unique_ptr<Copies> copies(new Copies(rooms, std::move(options)));
  ARROW_RETURN_NOT_OK(copies->TakeUp());
  ARROW_RETURN_NOT_OK(copies->AddView());
  ARROW_RETURN_NOT_OK(copies->AddFunction());
  copies->AddMetrics();
  return copies;
}

arrow::Status Copies::TakeUp() {
  // Who declares no copies has nothing of them in the database.
  if (options_.tables.empty()) {
    ARROW_ASSIGN_OR_RAISE(const bool is_there, CopyStore::IsThere(rooms_.database));
    if (!is_there) return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(writes_, CopyStore::Open(rooms_.database));
  ARROW_ASSIGN_OR_RAISE(auto stored, writes_->Read());
  for (const CopyTable& table : options_.tables) {
    ARROW_RETURN_NOT_OK(CheckCopyTable(table));
    if (Find(table.name)) {
      return MakeError(ErrorKind::kInvalidArgument, "the copy \"", table.name,
                       "\" is declared twice");
    }
    states_.Declare(DeclarationOf(table));
    auto entry = std::make_unique<Entry>();
    entry->table = table;
    entry->use = states_.Now()->Named(table.name)->use;
    const auto found = stored.find(table.name);
    if (found != stored.end() && found->second.definition == DefinitionOf(table)) {
      entry->stored = found->second;
      const auto age = std::max(rooms_.clock.WallNow() - found->second.as_of,
                                base::Clock::Wall::duration::zero());
      states_.SetFilled(table.name, rooms_.clock.Now() - age, found->second.written);
      if (found->second.written) written_down_.push_back(table.name);
      stored.erase(found);
    }
    entries_.push_back(std::move(entry));
  }
  for (const auto& [name, copy] : stored) ARROW_RETURN_NOT_OK(writes_->Drop(name));
  std::ranges::sort(entries_, {}, [](const auto& entry) { return entry->table.name; });
  // So that a copy is not taken for true after a crash.
  states_.SetBeforeWrite([this](const std::string& name) -> arrow::Status {
    const std::lock_guard lock(writes_mutex_);
    if (std::ranges::contains(written_down_, name)) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(writes_->NoteWrite(name));
    written_down_.push_back(name);
    return arrow::Status::OK();
  });
  return arrow::Status::OK();
}

void Copies::Start() {
  if (entries_.empty()) return;
  executor_ = std::make_unique<base::Executor>(
      base::Executor::Options{.name = "copies",
                              .threads = options_.max_running,
                              .max_queue = entries_.size() + 1});
  alarm_ = rooms_.timers.Every(kTick, [this] { StartDue(); });
  StartDue();
}

void Copies::Stop() {
  stop_.request_stop();
  alarm_.reset();
  executor_.reset();
}

void Copies::StartDue() {
  const auto now = rooms_.clock.WallNow();
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (entry->busy) continue;
    const auto due = NextOf(*entry);
    if (!due || *due > now) continue;
    entry->busy = true;
    const auto submitted = executor_->Submit(
        [this, each = entry.get()] { (void)Run(*each, stop_.get_token()); });
    if (!submitted.ok()) entry->busy = false;  // at the next tick
  }
}

std::optional<base::Clock::Wall> Copies::NextOf(const Entry& entry) const {
  const CopyTable& table = entry.table;
  const auto states = states_.Now();
  const engine::CopyState& state = *states->Named(table.name);
  const auto beginning = base::Clock::Wall::min();
  if (entry.failures > 0) return entry.last_try + RetryAfter(entry.failures);
  const bool asked_for = entry.use->count > entry.uses_seen;
  if (table.refresh == CopyRefresh::kOnDemand && !asked_for) return std::nullopt;
  if (!entry.stored) return beginning;
  if (state.written || !state.filled) {
    // However often the source is written to, most of the time it is left alone.
    if (state.writes_under_way > 0) return std::nullopt;
    return entry.last_try + 4 * entry.stored->duration;
  }
  if (table.interval) return entry.stored->as_of + *table.interval;
  if (table.cron) return table.cron->Next(entry.stored->as_of);
  if (table.refresh == CopyRefresh::kOnDemand && table.max_staleness) {
    return entry.stored->as_of + *table.max_staleness;
  }
  return std::nullopt;
}

arrow::Result<RefreshResult> Copies::Refresh(const std::string& name,
                                             std::stop_token stop) {
  Entry* entry = Find(name);
  if (!entry) {
    return MakeError(ErrorKind::kNotFound, "there is no copy called \"", name,
                     "\"; pintail.copies lists those that are declared");
  }
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return !entry->busy; })) {
      return MakeError(ErrorKind::kCancelled, "stopped while another refresh of \"", name,
                       "\" was running");
    }
    entry->busy = true;
  }
  return Run(*entry, std::move(stop));
}

arrow::Result<RefreshResult> Copies::Run(Entry& entry, std::stop_token stop) {
  const auto begun = rooms_.clock.Now();
  const auto as_of = rooms_.clock.WallNow();
  const std::string& name = entry.table.name;
  const auto states = states_.Now();
  const engine::CopyState& state = *states->Named(name);
  bool append = false;
  {
    const std::lock_guard lock(mutex_);
    entry.running = true;
    entry.uses_seen = entry.use->count;
    // What was changed by others than appending shows only when all is read again.
    append = entry.table.refresh == CopyRefresh::kAppend && entry.stored &&
             state.filled && !state.written;
  }
  {
    // From here on a write has to be noted again: this refresh may not see it.
    const std::lock_guard lock(writes_mutex_);
    std::erase(written_down_, name);
  }
  std::stop_source both;
  const std::stop_callback by_caller(stop, [&] { both.request_stop(); });
  const std::stop_callback by_server(stop_.get_token(), [&] { both.request_stop(); });
  arrow::Result<StoredCopy> filled = [&]() -> arrow::Result<StoredCopy> {
    ARROW_ASSIGN_OR_RAISE(const auto store, CopyStore::Connect(rooms_.database));
    return store->Refill({.table = entry.table,
                          .append = append,
                          .as_of = as_of,
                          .as_of_steady = begun,
                          .clock = rooms_.clock,
                          .stop = both.get_token()});
  }();
  const auto duration =
      std::chrono::duration_cast<milliseconds>(rooms_.clock.Now() - begun);
  entry.seconds->Observe(std::chrono::duration<double>(duration).count());
  (filled.ok() ? entry.refreshes : entry.failed)->Add();
  if (filled.ok()) {
    const std::lock_guard lock(mutex_);
    entry.stored = *filled;
    entry.failures = 0;
    entry.last_error.clear();
  } else if (!both.stop_requested()) {
    rooms_.log.Warn("a table copy could not be refreshed; its old rows stay",
                    {{"copy", name}, {"error", filled.status().message()}});
    const std::lock_guard lock(mutex_);
    ++entry.failures;
    entry.last_error = filled.status().message();
  }
  if (filled.ok()) MakeRoom(entry);
  {
    const std::lock_guard lock(mutex_);
    entry.busy = false;
    entry.running = false;
    entry.last_try = rooms_.clock.WallNow();
  }
  changed_.notify_all();
  ARROW_RETURN_NOT_OK(filled.status());
  return RefreshResult{.rows = filled->rows, .duration = duration};
}

// Drops copies made on demand, the longest unused first, until all are within the bound.
void Copies::MakeRoom(const Entry& keep) {
  while (options_.max_bytes) {
    Entry* victim = nullptr;
    {
      const std::lock_guard lock(mutex_);
      int64_t bytes = 0;
      for (const auto& each : entries_) {
        if (each->stored) bytes += each->stored->bytes;
        const bool may_go = each->stored && !each->busy && each.get() != &keep &&
                            each->table.refresh == CopyRefresh::kOnDemand;
        if (may_go && (!victim || each->use->last.load() < victim->use->last.load())) {
          victim = each.get();
        }
      }
      if (bytes <= *options_.max_bytes || !victim) return;
      victim->busy = true;
    }
    const std::string& name = victim->table.name;
    states_.SetEmpty(name);
    arrow::Status dropped;
    {
      const std::lock_guard lock(writes_mutex_);
      dropped = writes_->Drop(name);
    }
    rooms_.log.Info("a table copy was dropped to make room", {{"copy", name}});
    const std::lock_guard lock(mutex_);
    victim->busy = false;
    victim->stored.reset();
    victim->uses_seen = victim->use->count;
    victim->last_error = dropped.ok()
                             ? "dropped: the copies take more than cache.copies_max_bytes"
                             : dropped.message();
  }
}

Copies::Entry* Copies::Find(const std::string& name) const {
  for (const auto& entry : entries_) {
    if (SameName(entry->table.name, name)) return entry.get();
  }
  return nullptr;
}

void Copies::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return std::ranges::none_of(entries_, [](const auto& each) { return each->busy; });
  });
}

}  // namespace pintail::cache
