// Which data an answer was made of: a version for each table, each database's
// definitions, and everything. A write moves the versions of what it touched, and an
// answer is good for as long as all of its versions are where they were before it was
// made.
//
// Names are compared without regard to case. One per server; thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/names.h"

namespace pintail::cache {

// Versions as they were at one moment.
class Noted {
 public:
  // Whether none of them has moved since.
  bool IsCurrent() const;

 private:
  friend class TableVersions;
  using Version = std::shared_ptr<const std::atomic<uint64_t>>;

  std::vector<std::pair<Version, uint64_t>> versions_;
};

class TableVersions {
 public:
  static constexpr size_t kMaxTables = 100'000;

  // `local`: the server's own database, whose definitions every statement may refer to.
  explicit TableVersions(std::string local);

  // Of these tables (all parts of their names given), their databases' definitions, those
  // of the local database, and of everything.
  Noted Note(const std::vector<engine::TableName>& tables);

  void TableChanged(const engine::TableName& table);
  // All of a database: what is defined in it, or what cannot be told more exactly.
  void DatabaseChanged(const std::string& database);
  void EverythingChanged();

  // How many changes there were so far.
  uint64_t changes() const { return changes_; }

 private:
  using Counter = std::shared_ptr<std::atomic<uint64_t>>;
  using Counters = std::map<std::string, Counter, std::less<>>;

  // With mutex_ held.
  Counter& CounterOf(Counters& counters, const std::string& key);
  void MoveAll();

  const std::string local_;
  std::atomic<uint64_t> changes_ = 0;

  std::mutex mutex_;
  // Protected by mutex_. What the counters count is not.
  Counter everything_ = std::make_shared<std::atomic<uint64_t>>(0);
  Counters databases_;
  Counters tables_;
};

}  // namespace pintail::cache
