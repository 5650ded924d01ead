#include <utility>

#include "arrow/flight/types.h"
#include "flight/commands/commands.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {
namespace {

// Closes a statement that was prepared only to be looked at.
class PreparedScope {
 public:
  PreparedScope(Call& call, std::string handle)
      : call_(call), handle_(std::move(handle)) {}
  PreparedScope(const PreparedScope&) = delete;
  PreparedScope& operator=(const PreparedScope&) = delete;
  ~PreparedScope() {
    // It may be gone with its session already, which is as well.
    (void)call_.gateway().ClosePrepared(call_.context(), handle_);
  }

 private:
  Call& call_;
  const std::string handle_;
};

}  // namespace

InfoResult InfoOf(const gateway::ParkedResult& parked,
                  const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(std::string ticket,
                        sql::CreateStatementQueryTicket(parked.handle));
  std::vector<fl::FlightEndpoint> endpoints = {
      fl::FlightEndpoint{fl::Ticket{std::move(ticket)}, {}, std::nullopt, ""}};
  // Drivers take the number of records of a change for the rows affected.
  ARROW_ASSIGN_OR_RAISE(auto info,
                        fl::FlightInfo::Make(*parked.schema, descriptor, endpoints,
                                             parked.rows_changed.value_or(-1), -1, true));
  return std::make_unique<fl::FlightInfo>(std::move(info));
}

InfoResult PlanStatement(Call& call, const sql::StatementQuery& command,
                         const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(
      auto parked, call.gateway().Park(
                       call.context(), session,
                       {.sql = command.query, .transaction_id = command.transaction_id}));
  return InfoOf(parked, descriptor);
}

StreamResult FetchStatement(Call& call, const std::string& handle) {
  ARROW_ASSIGN_OR_RAISE(auto result, call.gateway().Fetch(call.context(), handle));
  return StreamOf(std::move(result.rows));
}

SchemaResult DescribeStatement(Call& call, const sql::StatementQuery& command) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto prepared,
                        call.gateway().Prepare(call.context(), session, command.query,
                                               command.transaction_id));
  const PreparedScope scope(call, prepared.handle);
  return fl::SchemaResult::Make(*prepared.schema);
}

StreamResult RunStatement(Call& call, std::string text, std::string transaction_id) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(
      auto result, call.gateway().Execute(call.context(), session,
                                          {.sql = std::move(text),
                                           .transaction_id = std::move(transaction_id)}));
  return StreamOf(std::move(result.rows));
}

}  // namespace pintail::flight::commands
