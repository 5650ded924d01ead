// A gateway over a real DuckDB in memory, with a clock that a test moves, for tests.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "catalog/streams.h"
#include "catalog/testing/rows.h"
#include "engine/connection.h"
#include "engine/database.h"
#include "gateway/gateway.h"

namespace pintail::gateway::testing {

class World {
 public:
  // `defaults` is the policy of streams.
  explicit World(GatewayOptions options = {}, catalog::StreamPolicy defaults = {});
  ~World();

  // A call of that caller.
  static CallPtr Call(const std::string& identity = "");
  // The session of the key, opened when needed.
  SessionPtr Open(const std::string& key = "test", const std::string& identity = "");

  // Runs and reads; rows as "a|b" joined by newlines, NULL as "null", or "kind: message".
  std::string Run(const SessionPtr& session, const std::string& sql,
                  const std::string& transaction_id = "");
  // The same for a handle.
  std::string Fetch(const std::string& handle, const std::string& identity = "");
  // What a fresh connection sees.
  std::string Seen(const std::string& sql);

  // Moves the clock and runs what is due.
  void Pass(std::chrono::milliseconds time);

  base::ManualClock clock;
  base::Timers timers;
  std::unique_ptr<base::Logs> logs;
  base::Metrics metrics{"pintail"};
  std::unique_ptr<engine::Database> database;
  std::unique_ptr<catalog::Streams> streams;
  std::unique_ptr<ingest::Repeats> repeats;
  std::unique_ptr<Gateway> gateway;
};

using catalog::testing::Batch;
using catalog::testing::Reader;
using catalog::testing::Text;

// Waits, without sleeping, until another thread has made it true; false after a minute.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace pintail::gateway::testing
