// What sessions of one Redis source share, and a leased connection in use.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "backend/connections.h"
#include "backend/redis/redis_connection.h"
#include "base/clock.h"
#include "base/timers.h"

namespace pintail::backend {

// Thread-safe.
struct RedisGround {
  const std::string source;
  const std::string prefix;
  const std::string key;  // of tables that are made; empty: their first column
  const std::optional<std::chrono::milliseconds> ttl;
  const base::Clock& clock;
  base::Timers& timers;
  Connections connections;
};

// One thread at a time. Gives its connection back when it goes.
class RedisChannel {
 public:
  RedisChannel(std::shared_ptr<RedisGround> ground, Lease lease, std::stop_token stop)
      : ground_(std::move(ground)), lease_(std::move(lease)), stop_(std::move(stop)) {}

  // As RedisConnection::Run. Cancelled when it was stopped; a lost connection is told to
  // the breaker and not used again.
  arrow::Result<std::vector<Reply>> Run(const std::vector<Command>& commands);
  arrow::Result<Reply> Run(const Command& command);
  // For reads: a connection in place of one that was lost, else the failure.
  arrow::Status Renew(const arrow::Status& failure, int tried);
  void GiveBack() { lease_.GiveBack(); }

  const RedisGround& ground() const { return *ground_; }

 private:
  const std::shared_ptr<RedisGround> ground_;
  Lease lease_;
  const std::stop_token stop_;
};

}  // namespace pintail::backend
