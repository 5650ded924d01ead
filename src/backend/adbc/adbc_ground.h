// What all sessions and readers of one ADBC source share. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "backend/adbc/driver.h"
#include "backend/adbc/vendor.h"
#include "backend/connections.h"
#include "base/clock.h"
#include "base/timers.h"
#include "columnar/limits.h"

namespace pintail::backend {

// Opens the database once, when the first connection is opened, and finds out whose it
// is.
class VendorDatabase {
 public:
  VendorDatabase(DriverSettings settings, std::shared_ptr<const Blame> blame);

  arrow::Result<std::unique_ptr<PooledConnection>> Connect();
  // By the driver's name until a connection has been opened.
  Vendor vendor() const;

 private:
  arrow::Result<std::shared_ptr<DriverDatabase>> Database();

  const DriverSettings settings_;
  const std::shared_ptr<const Blame> blame_;
  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::shared_ptr<DriverDatabase> database_;
  Vendor vendor_;
  bool knows_vendor_ = false;
};

struct AdbcGround {
  const std::shared_ptr<const Blame> blame;
  const std::shared_ptr<VendorDatabase> database;
  const base::Clock& clock;
  base::Timers& timers;
  Connections connections;
  // The driver has said that it has no bulk ingest.
  std::atomic<bool> lacks_bulk = false;
};

}  // namespace pintail::backend
