// The statements that run and the last ones that ended, for the view pintail.statements.
// One per gateway; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace pintail::gateway {

struct StatementRecord {
  std::string id;
  std::string request_id;
  int64_t session = 0;  // number of the session; 0: none
  std::string verb;
  std::string sql;                // its beginning
  std::string state = "running";  // running, done, failed or cancelled
  base::Clock::Wall started_at;
  std::chrono::microseconds duration{0};  // of a running statement: until now
  int64_t rows = 0;                       // returned or changed
  std::string error;
  std::string cache;  // "hit", "miss", "stale" or "bypass"; empty: not told
};

class StatementLog {
 public:
  // How much of a statement's text is kept.
  static constexpr size_t kMaxTextBytes = 4'096;

  StatementLog(const base::Clock& clock, int64_t recent);

  void Start(StatementRecord record);
  void SetVerb(const std::string& id, const std::string& verb);
  void SetRows(const std::string& id, int64_t rows);
  void Finish(const std::string& id, const std::string& state, const std::string& error);

  void SetCache(const std::string& id, const std::string& outcome);
  // One that was over at once.
  void Add(StatementRecord record);
  void Forget(const std::string& id);

  // Running ones and the recent ones, oldest first.
  std::vector<StatementRecord> List() const;

 private:
  struct Running {
    StatementRecord record;
    base::Clock::Steady began;
  };
  StatementRecord AsOf(const Running& running, base::Clock::Steady now) const;

  const base::Clock& clock_;
  const size_t recent_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::map<std::string, Running> running_;
  std::deque<StatementRecord> ended_;
};

// The text's first `max_bytes` bytes, cut between UTF-8 characters, with "…" when cut.
std::string Beginning(const std::string& text, size_t max_bytes);

}  // namespace pintail::gateway
