#include "cache/cache.h"

#include <algorithm>

#include "base/lower_case.h"

namespace pintail::cache {
namespace {

// Then they are tried again: data grows, sources become slow.
constexpr std::chrono::seconds kVerdict{60};

std::optional<Milliseconds> Least(std::optional<Milliseconds> a,
                                  std::optional<Milliseconds> b) {
  return a && b ? std::min(a, b) : a ? a : b;
}

}  // namespace

Cache::Cache(const Answers::Ground& ground, const std::string& local,
             CacheOptions options)
    : clock_(ground.clock),
      ttls_(std::move(options.ttls)),
      versions_(local),
      answers_(ground, options.answers) {}

void Cache::Changed(const engine::DataChange& change) {
  if (change.everything) return versions_.EverythingChanged();
  for (const std::string& each : change.databases) versions_.DatabaseChanged(each);
  for (const engine::TableName& each : change.tables) versions_.TableChanged(each);
}

std::optional<Milliseconds> Cache::TtlOfTable(const engine::TableName& table) const {
  const std::string source = base::LowerCase(table.catalog);
  const std::string name =
      source + "." + base::LowerCase(table.schema) + "." + base::LowerCase(table.table);
  std::optional<Milliseconds> of_source;
  for (const auto& [key, ttl] : ttls_) {
    if (key == name) return ttl;  // the nearest rule counts
    if (key == source) of_source = ttl;
  }
  if (const auto declared = source_ttl_ ? source_ttl_(source) : std::nullopt) {
    return declared;
  }
  return of_source;
}

Milliseconds Cache::TtlOf(const engine::StatementUse& use) const {
  std::optional<Milliseconds> ttl;
  for (const engine::TableName& table : use.reads) ttl = Least(ttl, TtlOfTable(table));
  if (!ttl) ttl = options().ttl;
  return use.depends_on_time ? std::min(*ttl, options().time_slack) : *ttl;
}

bool Cache::IsFor(const engine::StatementUse& use) const {
  return use.reads_source && !use.reads_unknown && !use.is_volatile &&
         use.changes.empty() && !use.canonical.empty() && TtlOf(use).count() > 0;
}

void Cache::NotWorthIt(const std::string& key) {
  std::lock_guard lock(mutex_);
  if (not_worth_it_.size() >= kMaxVerdicts) not_worth_it_.clear();
  not_worth_it_[key] = clock_.Now() + kVerdict;
}

bool Cache::IsWorthIt(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto found = not_worth_it_.find(key);
  if (found == not_worth_it_.end()) return true;
  if (found->second > clock_.Now()) return false;
  not_worth_it_.erase(found);
  return true;
}

}  // namespace pintail::cache
