#include "cache/table_versions.h"

#include <algorithm>
#include <utility>

#include "base/lower_case.h"

namespace pintail::cache {
namespace {

// Quoted, so that names with dots in them stay apart.
std::string KeyOf(const engine::TableName& table) {
  return base::LowerCase(engine::QuoteName(table));
}

}  // namespace

bool Noted::IsCurrent() const {
  return std::ranges::all_of(versions_, [](const auto& noted) {
    return noted.first->load(std::memory_order_acquire) == noted.second;
  });
}

TableVersions::TableVersions(std::string local) : local_(base::LowerCase(local)) {}

TableVersions::Counter& TableVersions::CounterOf(Counters& counters,
                                                 const std::string& key) {
  Counter& counter = counters[key];
  if (!counter) counter = std::make_shared<std::atomic<uint64_t>>(0);
  return counter;
}

Noted TableVersions::Note(const std::vector<engine::TableName>& tables) {
  Noted noted;
  std::lock_guard lock(mutex_);
  // What was noted before keeps its counters, which will not move with the new ones any
  // more: so it is made worthless first.
  if (tables_.size() > kMaxTables) MoveAll();
  const auto note = [&noted](const Counter& counter) {
    noted.versions_.emplace_back(counter, counter->load(std::memory_order_acquire));
  };
  note(everything_);
  note(CounterOf(databases_, local_));
  std::vector<std::string> seen{local_};
  for (const engine::TableName& table : tables) {
    const std::string database = base::LowerCase(table.catalog);
    if (std::ranges::find(seen, database) == seen.end()) {
      note(CounterOf(databases_, database));
      seen.push_back(database);
    }
    note(CounterOf(tables_, KeyOf(table)));
  }
  return noted;
}

void TableVersions::TableChanged(const engine::TableName& table) {
  ++changes_;
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(KeyOf(table));
  // Nobody has noted the version of a table that is not here.
  if (found != tables_.end()) ++*found->second;
}

void TableVersions::DatabaseChanged(const std::string& database) {
  ++changes_;
  std::lock_guard lock(mutex_);
  const auto found = databases_.find(base::LowerCase(database));
  if (found != databases_.end()) ++*found->second;
}

void TableVersions::EverythingChanged() {
  ++changes_;
  std::lock_guard lock(mutex_);
  ++*everything_;
}

void TableVersions::MoveAll() {
  ++*everything_;
  databases_.clear();
  tables_.clear();
}

}  // namespace pintail::cache
