#include "cache/cache.h"

#include <algorithm>
#include <array>

#include "arrow/array.h"
#include "arrow/array/util.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "cache/saved_answers.h"
#include "engine/system_function.h"
#include "engine/tails.h"

namespace pintail::cache {
namespace {

// Then they are tried again: data grows, sources become slow.
constexpr std::chrono::seconds kVerdict{60};

std::optional<Milliseconds> Least(std::optional<Milliseconds> a,
                                  std::optional<Milliseconds> b) {
  return a && b ? std::min(a, b) : a ? a : b;
}

constexpr size_t kNameParts = 3;

// In lower case.
arrow::Result<std::vector<std::string>> PartsOf(std::string_view name) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find('.', start), name.size());
    parts.push_back(base::LowerCase(name.substr(start, end - start)));
    start = end + 1;
  }
  if (parts.size() == 1 || parts.size() == kNameParts) return parts;
  return base::MakeError(base::ErrorKind::kInvalidArgument, "\"", name,
                         "\" names neither a source, as pg, nor a table of one, as "
                         "pg.public.orders");
}

}  // namespace

Cache::Cache(const Answers::Ground& ground, engine::Database& database,
             CacheOptions options)
    : clock_(ground.clock),
      database_(database),
      ttls_(std::move(options.ttls)),
      versions_(database.tails().database()),
      answers_(ground, options.answers) {}

arrow::Result<std::unique_ptr<Cache>> Cache::Make(const Answers::Ground& ground,
                                                  engine::Database& database,
                                                  CacheOptions options) {
  std::unique_ptr<Cache> cache(new Cache(ground, database, std::move(options)));
  ARROW_RETURN_NOT_OK(cache->AddClear());
  database.OnChange(
      [cache = cache.get()](const auto& change) { cache->Changed(change); });
  return cache;
}

Cache::~Cache() { database_.OnChange(nullptr); }

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

arrow::Result<int64_t> Cache::Clear(const std::string& name) {
  std::vector<std::string> parts;
  if (!name.empty()) {
    ARROW_ASSIGN_OR_RAISE(parts, PartsOf(name));
  }
  const auto picks = [&](const engine::TableName& table) {
    const std::array<const std::string*, kNameParts> names = {
        &table.catalog, &table.schema, &table.table};
    for (size_t i = 0; i < parts.size(); ++i) {
      if (base::LowerCase(*names[i]) != parts[i]) return false;
    }
    return true;
  };
  const int64_t cleared = parts.empty() ? answers_.Clear() : answers_.ClearIf(picks);
  // What is being made is not kept then.
  if (parts.empty()) {
    versions_.EverythingChanged();
  } else if (parts.size() == 1) {
    versions_.DatabaseChanged(parts[0]);
  } else {
    versions_.TableChanged({.catalog = parts[0], .schema = parts[1], .table = parts[2]});
  }
  return cleared;
}

arrow::Status Cache::AddClear() {
  const auto columns = arrow::schema({arrow::field("answers", arrow::int64())});
  const auto call = [this, columns](const engine::SystemFunctionCall& given)
      -> arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> {
    const auto& name = given.options[0];
    ARROW_ASSIGN_OR_RAISE(const int64_t cleared,
                          Clear(name && name->is_valid ? name->ToString() : ""));
    ARROW_ASSIGN_OR_RAISE(auto array,
                          arrow::MakeArrayFromScalar(arrow::Int64Scalar(cleared), 1));
    return arrow::RecordBatchReader::Make(
        {arrow::RecordBatch::Make(columns, 1, {std::move(array)})}, columns);
  };
  return database_.AddSystemFunction("cache_clear",
                                     {.arguments = {},
                                      .options = {arrow::field("name", arrow::utf8())},
                                      .schema = columns,
                                      .changes = true,
                                      .call = call});
}

arrow::Status Cache::Save(
    const std::string& path, const std::string& stamp,
    const std::function<bool(const std::string& database)>& will_be) const {
  std::vector<EntryPtr> entries = answers_.List();
  std::erase_if(entries, [&](const EntryPtr& entry) {
    const Filling& filling = entry->filling();
    return filling.of_session || filling.depends_on_time ||
           !filling.versions.IsCurrent() ||
           !std::ranges::all_of(filling.tables, will_be, &engine::TableName::catalog);
  });
  return SaveAnswers(path, stamp, entries);
}

arrow::Result<int64_t> Cache::Restore(const std::string& path, const std::string& stamp) {
  ARROW_ASSIGN_OR_RAISE(auto fillings, TakeAnswers(path, stamp, clock_));
  const auto now = clock_.Now();
  int64_t restored = 0;
  for (Filling& filling : fillings) {
    if (now - filling.filled_at > filling.kept_for) continue;
    filling.versions = versions_.Note(filling.tables);
    answers_.Keep(std::move(filling), {});
    ++restored;
  }
  return restored;
}

}  // namespace pintail::cache
