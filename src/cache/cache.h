// The cache as a whole: answers, what they are true to, the runs that make them, and
// which statements are not worth it. One per server, outlives the gateway; thread-safe.
#pragma once

#include <functional>
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
  // `local`: the server's own database.
  Cache(const Answers::Ground& ground, const std::string& local, CacheOptions options);

  Answers& answers() { return answers_; }
  Flights& flights() { return flights_; }
  TableVersions& versions() { return versions_; }
  const AnswersOptions& options() const { return answers_.options(); }

  void Changed(const engine::DataChange& change);

  // Asked, before the options are, for the time to live of a source; to be set before the
  // first statement.
  using SourceTtl = std::function<std::optional<Milliseconds>(const std::string& source)>;
  void SetSourceTtl(SourceTtl ttl) { source_ttl_ = std::move(ttl); }

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

  const base::Clock& clock_;
  const std::vector<std::pair<std::string, Milliseconds>> ttls_;
  SourceTtl source_ttl_;
  TableVersions versions_;
  Answers answers_;
  Flights flights_;

  std::mutex mutex_;
  std::unordered_map<std::string, base::Clock::Steady> not_worth_it_;  // by mutex_
};

}  // namespace pintail::cache
