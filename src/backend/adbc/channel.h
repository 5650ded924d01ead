// A leased connection while a session, or a reader that outlives it, uses it.
//
// One thread at a time, but for Cancel of its stop source. Gives the lease back when it
// goes; the connection is closed instead when it is in doubt.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "arrow/result.h"
#include "backend/adbc/adbc_ground.h"
#include "backend/adbc/driver.h"
#include "backend/cancel_scope.h"

namespace pintail::backend {

class Channel {
 public:
  Channel(std::shared_ptr<AdbcGround> ground, Lease lease, std::stop_token stop);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  DriverConnection* connection() { return static_cast<DriverConnection*>(lease_.get()); }
  AdbcGround& ground() { return *ground_; }
  engine::SqlDialect dialect() const;
  void Discard() { lease_.Discard(); }

  // Runs a call of the statement's, which a stop interrupts. Cancelled when there was
  // one; a failure to reach the source is told to the breaker and ends the connection.
  arrow::Status Run(DriverStatement* statement,
                    const std::function<arrow::Status()>& call);
  arrow::Status CheckAlive() const;

  bool in_transaction() const { return in_transaction_; }
  void set_in_transaction(bool is) { in_transaction_ = is; }

 private:
  const std::shared_ptr<AdbcGround> ground_;
  Lease lease_;
  const std::stop_token stop_;
  bool in_transaction_ = false;
};

}  // namespace pintail::backend
