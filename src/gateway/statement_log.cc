#include "gateway/statement_log.h"

#include <algorithm>
#include <utility>

namespace pintail::gateway {

StatementLog::StatementLog(const base::Clock& clock, int64_t recent)
    : clock_(clock), recent_(static_cast<size_t>(std::max<int64_t>(recent, 0))) {}

void StatementLog::Start(StatementRecord record) {
  record.sql = Beginning(record.sql, kMaxTextBytes);
  record.started_at = clock_.WallNow();
  std::string id = record.id;
  std::lock_guard lock(mutex_);
  running_.insert_or_assign(std::move(id),
                            Running{.record = std::move(record), .began = clock_.Now()});
}

void StatementLog::SetVerb(const std::string& id, const std::string& verb) {
  std::lock_guard lock(mutex_);
  const auto found = running_.find(id);
  if (found != running_.end()) found->second.record.verb = verb;
}

void StatementLog::SetRows(const std::string& id, int64_t rows) {
  std::lock_guard lock(mutex_);
  const auto found = running_.find(id);
  if (found != running_.end()) found->second.record.rows = rows;
}

void StatementLog::Finish(const std::string& id, const std::string& state,
                          const std::string& error) {
  std::lock_guard lock(mutex_);
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  StatementRecord record = AsOf(found->second, clock_.Now());
  running_.erase(found);
  record.state = state;
  record.error = Beginning(error, kMaxTextBytes);
  ended_.push_back(std::move(record));
  while (ended_.size() > recent_) ended_.pop_front();
}

void StatementLog::SetCache(const std::string& id, const std::string& outcome) {
  std::lock_guard lock(mutex_);
  const auto found = running_.find(id);
  if (found != running_.end()) found->second.record.cache = outcome;
}

void StatementLog::Add(StatementRecord record) {
  std::lock_guard lock(mutex_);
  ended_.push_back(std::move(record));
  while (ended_.size() > recent_) ended_.pop_front();
}

void StatementLog::Forget(const std::string& id) {
  std::lock_guard lock(mutex_);
  running_.erase(id);
}

std::vector<StatementRecord> StatementLog::List() const {
  std::vector<StatementRecord> list;
  {
    std::lock_guard lock(mutex_);
    list.reserve(ended_.size() + running_.size());
    list.assign(ended_.begin(), ended_.end());
    const auto now = clock_.Now();
    for (const auto& [id, running] : running_) list.push_back(AsOf(running, now));
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& left, const auto& right) {
    return left.started_at < right.started_at;
  });
  return list;
}

StatementRecord StatementLog::AsOf(const Running& running,
                                   base::Clock::Steady now) const {
  StatementRecord record = running.record;
  record.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(now - running.began);
  return record;
}

std::string Beginning(const std::string& text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  // A byte 10xxxxxx continues a character: go back to its first byte.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace pintail::gateway
