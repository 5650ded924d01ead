#include <string>
#include <utility>

#include "arrow/type.h"
#include "flight/commands/commands.h"
#include "flight/request_kind.h"

namespace pintail::flight::commands {
namespace {

using PollResult = arrow::Result<std::unique_ptr<fl::PollInfo>>;

// What a client polls with next. It also finds the statement for CancelFlightInfo.
fl::FlightDescriptor NextPoll(const std::string& handle) {
  return fl::FlightDescriptor::Command(std::string(kPollPrefix) + handle);
}

PollResult PollOf(Call& call, const gateway::BackgroundState& state,
                  const fl::FlightDescriptor& descriptor) {
  auto poll = std::make_unique<fl::PollInfo>();
  if (state.done && state.result) {
    ARROW_ASSIGN_OR_RAISE(poll->info, InfoOf(call, *state.result, descriptor));
    poll->progress = 1.0;
    return poll;
  }
  // No endpoint yet. The flight's own descriptor is that of the next poll, so that the
  // flight can be cancelled by what is known of it.
  const fl::FlightDescriptor next = NextPoll(state.handle);
  ARROW_ASSIGN_OR_RAISE(auto info,
                        fl::FlightInfo::Make(*arrow::schema({}), next, {}, -1, -1, true));
  poll->info = std::make_unique<fl::FlightInfo>(std::move(info));
  poll->descriptor = next;
  poll->progress = state.progress;
  return poll;
}

}  // namespace

PollResult PollStatement(Call& call, const sql::StatementQuery& command,
                         const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(
      auto state, call.gateway().StartInBackground(
                      call.context(), session,
                      {.sql = command.query, .transaction_id = command.transaction_id}));
  return PollOf(call, state, descriptor);
}

PollResult PollAgain(Call& call, const fl::FlightDescriptor& descriptor) {
  const std::string handle = descriptor.cmd.substr(kPollPrefix.size());
  ARROW_ASSIGN_OR_RAISE(auto state,
                        call.gateway().PollBackground(call.context(), handle));
  return PollOf(call, state, descriptor);
}

}  // namespace pintail::flight::commands
