// The cache as a whole: answers, what they are true to, the runs that make them, and
// which statements are not worth it. One per server, outlives the gateway; thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/answers.h"
#include "cache/flights.h"
#include "cache/table_versions.h"
#include "engine/database.h"
#include "engine/statement_use.h"

namespace pintail::cache {

struct CacheOptions {
  AnswersOptions answers;
  // Times to live of sources ("pg") and tables ("pg.public.orders") in lower case, in
  // place of the general one. The least of all tables of a statement counts.
  std::vector<std::pair<std::string, Milliseconds>> ttls;
};

class Cache {
 public:
  // Hears of all changes of the database, which outlives it, and adds
  // pintail.cache_clear.
  static arrow::Result<std::unique_ptr<Cache>> Make(const Answers::Ground& ground,
                                                    engine::Database& database,
                                                    CacheOptions options);
  ~Cache();

  Answers& answers() { return answers_; }
  Flights& flights() { return flights_; }
  TableVersions& versions() { return versions_; }
  const AnswersOptions& options() const { return answers_.options(); }

  void Changed(const engine::DataChange& change);

  // Drops all answers, or those made of what is named, a source ("pg") or a table
  // ("pg.public.orders"); what is being made is not kept then. How many there were.
  // InvalidArgument for another number of parts.
  arrow::Result<int64_t> Clear(const std::string& name);

  // Writes down the answers that only read databases which the next run of the server
  // will have. To be called when no statement runs any more.
  arrow::Status Save(
      const std::string& path, const std::string& stamp,
      const std::function<bool(const std::string& database)>& will_be) const;
  // Keeps what Save has written, if it is still good; how many. Before the first
  // statement.
  arrow::Result<int64_t> Restore(const std::string& path, const std::string& stamp);

  // How long an answer that was made of these is good; zero: not at all.
  Milliseconds TtlOf(const engine::StatementUse& use) const;
  // Whether a statement with this use can be answered from the cache at all.
  bool IsFor(const engine::StatementUse& use) const;

  // The answer of this key is too large or too cheap to be kept: for a while, nobody
  // tries.
  void NotWorthIt(const std::string& key);
  bool IsWorthIt(const std::string& key);

 private:
  static constexpr size_t kMaxVerdicts = 10'000;

  std::optional<Milliseconds> TtlOfTable(const engine::TableName& table) const;

  Cache(const Answers::Ground& ground, engine::Database& database, CacheOptions options);
  arrow::Status AddClear();

  const base::Clock& clock_;
  engine::Database& database_;
  const std::vector<std::pair<std::string, Milliseconds>> ttls_;
  TableVersions versions_;
  Answers answers_;
  Flights flights_;

  std::mutex mutex_;
  std::unordered_map<std::string, base::Clock::Steady> not_worth_it_;  // by mutex_
};

}  // namespace pintail::cache
