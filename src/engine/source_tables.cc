#include "engine/source_tables.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::engine {
namespace {

std::string KeyOf(const SourceTableName& name) { return name.schema + '\0' + name.table; }

}  // namespace

SourceTables::SourceTables(std::shared_ptr<Source> source, const base::Clock& clock,
                           SourceOptions options)
    : source_(std::move(source)), clock_(clock), options_(options) {}

void SourceTables::NoteFailure(const arrow::Status& status) {
  const std::lock_guard lock(mutex_);
  if (base::KindOf(status) == base::ErrorKind::kCancelled) return;
  down_ = clock_.Now();
}

bool SourceTables::IsDown() {
  const std::lock_guard lock(mutex_);
  return down_ && clock_.Now() - *down_ < options_.down_for;
}

void SourceTables::Keep(const std::string& key, std::shared_ptr<const KnownTable> table) {
  const std::lock_guard lock(mutex_);
  down_.reset();
  auto found = tables_.find(key);
  if (found != tables_.end()) {
    used_.erase(found->second.place);
    tables_.erase(found);
  }
  used_.push_front(key);
  tables_.emplace(key, Table{std::move(table), clock_.Now(), used_.begin()});
  if (tables_.size() <= options_.known_tables) return;
  tables_.erase(used_.back());
  used_.pop_back();
}

arrow::Result<std::shared_ptr<const KnownTable>> SourceTables::Ask(
    const SourceTableName& name, std::stop_token stop) {
  auto schema = source_->TableSchema(name, stop);
  if (schema.ok()) {
    return std::make_shared<const KnownTable>(KnownTable{name, *std::move(schema)});
  }
  if (base::KindOf(schema.status()) != base::ErrorKind::kNotFound) return schema.status();
  ARROW_ASSIGN_OR_RAISE(auto tables, Tables(name.schema, stop));
  const std::string wanted = base::LowerCase(name.table);
  for (const auto& table : tables) {
    if (table == name.table || base::LowerCase(table) != wanted) continue;
    const SourceTableName spelled{name.schema, table};
    auto other = source_->TableSchema(spelled, stop);
    if (other.ok()) {
      return std::make_shared<const KnownTable>(KnownTable{spelled, *std::move(other)});
    }
    if (base::KindOf(other.status()) != base::ErrorKind::kNotFound) {
      return other.status();
    }
  }
  return nullptr;
}

arrow::Result<std::shared_ptr<const KnownTable>> SourceTables::Find(
    const SourceTableName& name, std::stop_token stop) {
  const std::string key = KeyOf(name);
  {
    const std::lock_guard lock(mutex_);
    auto found = tables_.find(key);
    // One that is missing may be made at any time, and is asked for rarely.
    if (found != tables_.end() && found->second.table && IsFresh(found->second.when)) {
      used_.splice(used_.begin(), used_, found->second.place);
      return found->second.table;
    }
  }
  auto table = Ask(name, std::move(stop));
  if (!table.ok()) {
    NoteFailure(table.status());
    return table.status();
  }
  Keep(key, *table);
  return table;
}

template <typename Call>
arrow::Result<std::vector<std::string>> SourceTables::ListNames(const std::string& key,
                                                                const Call& call) {
  {
    const std::lock_guard lock(mutex_);
    auto found = lists_.find(key);
    if (found != lists_.end() && IsFresh(found->second.when)) return found->second.names;
  }
  arrow::Result<Names> names = call();
  if (!names.ok()) {
    NoteFailure(names.status());
    return names;
  }
  const std::lock_guard lock(mutex_);
  down_.reset();
  if (lists_.size() >= options_.known_tables) lists_.clear();
  lists_[key] = {*names, clock_.Now()};
  return names;
}

arrow::Result<std::vector<std::string>> SourceTables::Schemas(std::stop_token stop) {
  return ListNames("", [&] { return source_->Schemas(stop); });
}

arrow::Result<std::vector<std::string>> SourceTables::Tables(const std::string& schema,
                                                             std::stop_token stop) {
  return ListNames("." + schema, [&] { return source_->Tables(schema, stop); });
}

std::vector<std::string> SourceTables::LastSchemas(std::stop_token stop) {
  if (!IsDown()) {
    if (auto names = Schemas(std::move(stop)); names.ok()) return *names;
  }
  const std::lock_guard lock(mutex_);
  auto found = lists_.find("");
  return found == lists_.end() ? Names() : found->second.names;
}

std::vector<std::string> SourceTables::LastTables(const std::string& schema,
                                                  std::stop_token stop) {
  if (!IsDown()) {
    if (auto names = Tables(schema, std::move(stop)); names.ok()) return *names;
  }
  const std::lock_guard lock(mutex_);
  auto found = lists_.find("." + schema);
  return found == lists_.end() ? Names() : found->second.names;
}

std::shared_ptr<const KnownTable> SourceTables::LastTable(const SourceTableName& name,
                                                          std::stop_token stop) {
  if (!IsDown()) {
    if (auto table = Find(name, std::move(stop)); table.ok()) return *table;
  }
  const std::lock_guard lock(mutex_);
  auto found = tables_.find(KeyOf(name));
  return found == tables_.end() ? nullptr : found->second.table;
}

void SourceTables::Forget(const SourceTableName& name) {
  const std::lock_guard lock(mutex_);
  std::erase_if(tables_, [&](const auto& entry) {
    const auto& [key, known] = entry;
    const bool same = key == KeyOf(name) || (known.table && known.table->name == name);
    if (same) used_.erase(known.place);
    return same;
  });
  lists_.erase("." + name.schema);
}

void SourceTables::ForgetAll() {
  const std::lock_guard lock(mutex_);
  tables_.clear();
  used_.clear();
  lists_.clear();
}

}  // namespace pintail::engine
