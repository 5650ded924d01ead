#include "backend/adbc/adbc_ground.h"

#include <utility>

namespace pintail::backend {

VendorDatabase::VendorDatabase(DriverSettings settings,
                               std::shared_ptr<const Blame> blame)
    : settings_(std::move(settings)),
      blame_(std::move(blame)),
      vendor_(VendorOf(settings_.driver.substr(settings_.driver.rfind('/') + 1))) {}

arrow::Result<std::shared_ptr<DriverDatabase>> VendorDatabase::Database() {
  {
    const std::lock_guard lock(mutex_);
    if (database_) return database_;
  }
  // Not under the lock: drivers may connect here. Of two that come first, one is kept.
  ARROW_ASSIGN_OR_RAISE(auto opened, DriverDatabase::Open(settings_, blame_));
  const std::lock_guard lock(mutex_);
  if (!database_) database_ = std::move(opened);
  return database_;
}

arrow::Result<std::unique_ptr<PooledConnection>> VendorDatabase::Connect() {
  ARROW_ASSIGN_OR_RAISE(auto database, Database());
  ARROW_ASSIGN_OR_RAISE(auto connection, DriverConnection::Open(std::move(database)));
  {
    const std::lock_guard lock(mutex_);
    if (knows_vendor_) return connection;
  }
  // Drivers that cannot tell are known by their own name.
  const std::string name = connection->VendorName().ValueOr("");
  const std::lock_guard lock(mutex_);
  knows_vendor_ = true;
  if (!name.empty()) vendor_ = VendorOf(name);
  return connection;
}

Vendor VendorDatabase::vendor() const {
  const std::lock_guard lock(mutex_);
  return vendor_;
}

}  // namespace pintail::backend
