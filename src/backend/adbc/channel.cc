#include "backend/adbc/channel.h"

#include <utility>

#include "base/error.h"

namespace pintail::backend {

using base::ErrorKind;

Channel::Channel(std::shared_ptr<AdbcGround> ground, Lease lease, std::stop_token stop)
    : ground_(std::move(ground)), lease_(std::move(lease)), stop_(std::move(stop)) {}

Channel::~Channel() {
  // A request to cancel may still be on its way and would hit who has it next.
  if (in_transaction_ || stop_.stop_requested()) lease_.Discard();
}

engine::SqlDialect Channel::dialect() const {
  return ground_->database->vendor().capabilities.dialect;
}

arrow::Status Channel::CheckAlive() const {
  if (!stop_.stop_requested()) return arrow::Status::OK();
  return base::MakeError(ErrorKind::kCancelled, "source '", ground_->blame->source,
                         "': the statement was cancelled");
}

arrow::Status Channel::Run(DriverStatement* statement,
                           const std::function<arrow::Status()>& call) {
  ARROW_RETURN_NOT_OK(CheckAlive());
  arrow::Status status;
  {
    const CancelScope scope(ground_->clock, ground_->timers, stop_,
                            [statement] { statement->Cancel(); });
    status = call();
  }
  if (status.ok()) return status;
  ARROW_RETURN_NOT_OK(CheckAlive());
  if (base::KindOf(status) == ErrorKind::kUnavailable) {
    lease_.Discard();
    ground_->connections.Record(status);
  }
  return status;
}

}  // namespace pintail::backend
