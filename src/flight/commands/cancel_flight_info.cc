#include "flight/commands/commands.h"
#include "flight/request_kind.h"

namespace pintail::flight::commands {
namespace {

// The handle that the flight's ticket, or the descriptor of its next poll, carries.
std::string HandleOf(const fl::FlightInfo& info) {
  for (const auto& endpoint : info.endpoints()) {
    auto ticket = sql::StatementQueryTicket::Deserialize(endpoint.ticket.ticket);
    if (ticket.ok()) return ticket->statement_handle;
  }
  const std::string& cmd = info.descriptor().cmd;
  if (KindOfRequest(cmd) == RequestKind::kPoll) return cmd.substr(kPollPrefix.size());
  return "";
}

}  // namespace

arrow::Result<fl::CancelStatus> CancelFlight(Call& call, const fl::FlightInfo* info) {
  const std::string handle = info == nullptr ? "" : HandleOf(*info);
  if (handle.empty()) return fl::CancelStatus::kNotCancellable;
  const arrow::Status status = call.gateway().Cancel(call.context(), handle);
  if (status.ok()) return fl::CancelStatus::kCancelled;
  if (base::KindOf(status) == base::ErrorKind::kNotFound) {
    return fl::CancelStatus::kNotCancellable;
  }
  return status;
}

}  // namespace pintail::flight::commands
