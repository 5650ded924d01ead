#include "cache/answers.h"

#include <algorithm>
#include <utility>

namespace pintail::cache {
namespace {

// What an entry takes beside its answer and its keys.
constexpr int64_t kOverheadBytes = 1'024;

uint64_t HashOf(std::string_view key) { return std::hash<std::string_view>()(key); }

}  // namespace

Answers::Answers(const Ground& ground, AnswersOptions options)
    : clock_(ground.clock),
      options_(options),
      hits_(
          ground.metrics.GetCounter("cache_hits_total", "Answers served from the cache")),
      misses_(ground.metrics.GetCounter("cache_misses_total",
                                        "Statements that could be cached, and were run")),
      stale_(ground.metrics.GetCounter(
          "cache_stale_total", "Answers served after their time to live was over")),
      bypasses_(ground.metrics.GetCounter(
          "cache_bypasses_total", "Reads of sources that the cache had no part in")),
      waits_(ground.metrics.GetCounter(
          "cache_waits_total", "Statements that waited for an equal one to be run")),
      saved_seconds_(
          ground.metrics.GetCounter("cache_saved_seconds_total",
                                    "What the served answers cost when they were made")),
      bytes_gauge_(ground.metrics.GetGauge("cache_bytes", "Memory of the kept answers")),
      entries_gauge_(ground.metrics.GetGauge("cache_entries", "Answers that are kept")),
      eviction_(Eviction::Make(options.eviction, {.weight = options.max_bytes,
                                                  .entries = options.max_entries})) {
  constexpr std::array<const char*, kReasons> kNames = {"size", "expired", "changed",
                                                        "replaced", "cleared"};
  for (size_t i = 0; i < kReasons; ++i) {
    evictions_[i] = &ground.metrics.GetCounter("cache_evictions_total",
                                               "Answers that were dropped, by reason",
                                               {{"reason", kNames[i]}});
  }
  if (ground.timers != nullptr) {
    sweep_ = ground.timers->Every(options_.sweep_interval, [this] { Sweep(); });
  }
}

Answers::Found Answers::Find(std::string_view key, const Wish& wish) {
  Found found;
  bool many = false;
  {
    Shard& shard = ShardOf(key);
    std::lock_guard lock(shard.mutex);
    const auto place = shard.entries.find(key);
    if (place == shard.entries.end()) return {};
    found.entry = place->second;
    if (shard.touched.size() < kMaxTouched) shard.touched.push_back(found.entry);
    many = shard.touched.size() == kMaxTouched;
  }
  if (many) {
    // Someone else's turn, if it is one, will do.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) TellEviction();
  }
  const Filling& filling = found.entry->filling();
  if (!filling.versions.IsCurrent()) {
    Gone gone;
    std::lock_guard lock(mutex_);
    Drop(found.entry->number(), kChanged, gone);
    Show();
    gone.push_back(std::move(found.entry));
    return {};
  }
  found.age = std::chrono::duration_cast<Milliseconds>(clock_.Now() - filling.filled_at);
  Milliseconds limit = wish.ttl.value_or(filling.ttl);
  if (filling.depends_on_time) limit = std::min(limit, filling.ttl);
  if (wish.max_age) limit = std::min(limit, *wish.max_age);
  if (found.age <= limit) return found;
  found.stale = true;
  if (wish.max_stale && found.age - limit <= *wish.max_stale) return found;
  const bool may_be_late = !wish.max_age && options_.stale_while_revalidate.count() > 0;
  if (may_be_late && found.age - limit <= options_.stale_while_revalidate) {
    found.refresh = found.entry->BeginRefresh();
    return found;
  }
  return {};
}

void Answers::Served(const Found& found) {
  found.entry->CountHit();
  (found.stale ? stale_ : hits_).Add();
  saved_seconds_.Add(std::chrono::duration<double>(found.entry->filling().cost).count());
}

bool Answers::IsExpired(const Entry& entry, base::Clock::Steady now) const {
  const Filling& filling = entry.filling();
  // A while longer, for who takes stale answers.
  const auto late = std::max(filling.kept_for, options_.stale_while_revalidate);
  return now - filling.filled_at > filling.kept_for + late;
}

void Answers::Put(const std::string& key, const EntryPtr& entry) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  shard.entries.insert_or_assign(key, entry);
}

EntryPtr Answers::Keep(Filling filling, std::string_view alias) {
  const int64_t weight =
      filling.answer->bytes() + kOverheadBytes +
      static_cast<int64_t>(2 * filling.key.size() + filling.query.size() + alias.size());
  const bool wanted = filling.cost >= options_.min_cost && filling.kept_for.count() > 0 &&
                      weight <= std::min(options_.max_answer_bytes, options_.max_bytes);
  Gone gone;
  std::lock_guard lock(mutex_);
  const auto entry = std::make_shared<const Entry>(next_number_++, std::move(filling));
  // A change from here on is seen by who finds it.
  if (!wanted || !entry->filling().versions.IsCurrent()) return entry;
  const std::string& key = entry->filling().key;
  TellEviction();
  std::optional<uint64_t> older;
  {
    Shard& shard = ShardOf(key);
    std::lock_guard shard_lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end()) older = found->second->number();
  }
  if (older) Drop(*older, kReplaced, gone);
  known_[entry->number()] = {.entry = entry, .keys = {key}, .weight = weight};
  bytes_ += weight;
  Put(key, entry);
  if (!alias.empty()) {
    known_[entry->number()].keys.emplace_back(alias);
    Put(known_[entry->number()].keys.back(), entry);
  }
  eviction_->Asked(HashOf(key));
  eviction_->Added({.number = entry->number(), .hash = HashOf(key), .weight = weight});
  for (const uint64_t number : eviction_->Evict()) Drop(number, kSize, gone);
  Show();
  return entry;
}

void Answers::AddAlias(const EntryPtr& entry, std::string_view alias) {
  std::lock_guard lock(mutex_);
  const auto known = known_.find(entry->number());
  if (known == known_.end()) return;
  std::vector<std::string>& keys = known->second.keys;
  if (std::ranges::find(keys, alias) != keys.end()) return;
  if (keys.size() > kMaxAliases) {
    Shard& shard = ShardOf(keys[1]);
    std::lock_guard shard_lock(shard.mutex);
    const auto found = shard.entries.find(keys[1]);
    if (found != shard.entries.end() && found->second == entry) {
      shard.entries.erase(found);
    }
    keys.erase(keys.begin() + 1);
  }
  keys.emplace_back(alias);
  Put(keys.back(), entry);
}

void Answers::Drop(uint64_t number, Reason reason, Gone& gone) {
  const auto found = known_.find(number);
  if (found == known_.end()) return;
  for (const std::string& key : found->second.keys) {
    Shard& shard = ShardOf(key);
    std::lock_guard lock(shard.mutex);
    // An alias may have found a newer entry by now.
    const auto place = shard.entries.find(key);
    if (place != shard.entries.end() && place->second == found->second.entry) {
      shard.entries.erase(place);
    }
  }
  eviction_->Removed(number);
  bytes_ -= found->second.weight;
  gone.push_back(std::move(found->second.entry));
  known_.erase(found);
  evictions_[reason]->Add();
}

void Answers::TellEviction() {
  std::vector<EntryPtr> touched;
  for (Shard& shard : shards_) {
    touched.clear();
    {
      std::lock_guard lock(shard.mutex);
      touched.swap(shard.touched);
    }
    for (const EntryPtr& entry : touched) {
      eviction_->Asked(HashOf(entry->filling().key));
      eviction_->Hit(entry->number());
    }
  }
}

void Answers::Show() {
  bytes_gauge_.Set(static_cast<double>(bytes_));
  entries_gauge_.Set(static_cast<double>(known_.size()));
}

int64_t Answers::DropIf(Reason reason, const std::function<bool(const Entry&)>& picks) {
  Gone gone;
  std::lock_guard lock(mutex_);
  TellEviction();  // forgets what would keep dropped answers alive
  std::vector<uint64_t> numbers;
  for (const auto& [number, known] : known_) {
    if (picks(*known.entry)) numbers.push_back(number);
  }
  for (const uint64_t number : numbers) Drop(number, reason, gone);
  Show();
  return static_cast<int64_t>(numbers.size());
}

int64_t Answers::Clear() {
  return DropIf(kCleared, [](const Entry&) { return true; });
}

int64_t Answers::ClearIf(const std::function<bool(const engine::TableName&)>& picks) {
  return DropIf(kCleared, [&](const Entry& entry) {
    return std::ranges::any_of(entry.filling().tables, picks);
  });
}

void Answers::Sweep() {
  const auto now = clock_.Now();
  DropIf(kExpired, [&](const Entry& entry) { return IsExpired(entry, now); });
  DropIf(kChanged,
         [](const Entry& entry) { return !entry.filling().versions.IsCurrent(); });
}

std::vector<EntryPtr> Answers::List() const {
  std::vector<EntryPtr> list;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [number, known] : known_) list.push_back(known.entry);
  }
  std::ranges::sort(list, {}, &Entry::number);
  return list;
}

int64_t Answers::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

int64_t Answers::entries() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(known_.size());
}

}  // namespace pintail::cache
