#include "backend/redis/redis_channel.h"

#include "backend/cancel_scope.h"
#include "base/error.h"

namespace pintail::backend {

using base::ErrorKind;

arrow::Result<std::vector<Reply>> RedisChannel::Run(
    const std::vector<Command>& commands) {
  const auto cancelled = [this] {
    return base::MakeError(ErrorKind::kCancelled, "source '", ground_->source,
                           "': the call was cancelled");
  };
  if (stop_.stop_requested()) return cancelled();
  auto* connection = static_cast<RedisConnection*>(lease_.get());
  if (!connection) {
    return base::MakeError(ErrorKind::kUnavailable, "source '", ground_->source,
                           "': the connection was lost");
  }
  arrow::Result<std::vector<Reply>> replies = [&] {
    const CancelScope scope(ground_->clock, ground_->timers, stop_,
                            [connection] { connection->Interrupt(); });
    return connection->Run(commands);
  }();
  if (stop_.stop_requested()) {
    // Interrupted in the middle of its replies, perhaps.
    lease_.Discard();
    return cancelled();
  }
  if (!replies.ok() && base::KindOf(replies.status()) == ErrorKind::kUnavailable) {
    lease_.Discard();
    lease_.GiveBack();
    ground_->connections.Record(replies.status());
  }
  return replies;
}

arrow::Result<Reply> RedisChannel::Run(const Command& command) {
  ARROW_ASSIGN_OR_RAISE(auto replies, Run(std::vector<Command>{command}));
  return std::move(replies[0]);
}

arrow::Status RedisChannel::Renew(const arrow::Status& failure, int tried) {
  if (!ground_->connections.MayTryAgain(failure, tried, stop_)) return failure;
  return ground_->connections.Take(stop_).Value(&lease_);
}

}  // namespace pintail::backend
