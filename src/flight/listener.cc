#include "flight/listener.h"

#include <string>
#include <utility>

#include "flight/commands/commands.h"
#include "flight/request_kind.h"
#include "flight/result_stream.h"
#include "flight/sql_commands.h"
#include "flight/upload_reader.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightDescriptor;
using arrow::flight::ServerCallContext;
using base::ErrorKind;

arrow::Status UnknownCommand(std::string_view method, std::string_view bytes) {
  if (TypeOfMessage(bytes)) return CheckSqlCommand(method, bytes);
  return base::MakeError(ErrorKind::kInvalidArgument,
                         "The descriptor's command is none that is known here: send a "
                         "Flight SQL command, or the path of a table");
}

// The statement of a CommandStatementQuery.
commands::sql::StatementQuery StatementOf(const std::string& message) {
  return {ProtobufBytes(message, 1).value_or(""), ProtobufBytes(message, 2).value_or("")};
}

}  // namespace

Listener::Listener(Door& door, HealthService& health,
                   const arrow::flight::sql::SqlInfoResultMap& info)
    : door_(door), health_(health), sql_(info) {}

arrow::Status Listener::ListFlights(const ServerCallContext& context,
                                    const arrow::flight::Criteria* criteria,
                                    std::unique_ptr<arrow::flight::FlightListing>* out) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "ListFlights"));
  ARROW_ASSIGN_OR_RAISE(auto listing,
                        call->Finish(commands::ListFlights(*call, criteria)));
  *out = KeepCall(std::move(call), std::move(listing));
  return arrow::Status::OK();
}

// ---- GetFlightInfo, PollFlightInfo, GetSchema

arrow::Status Listener::GetFlightInfo(const ServerCallContext& context,
                                      const FlightDescriptor& request,
                                      std::unique_ptr<arrow::flight::FlightInfo>* info) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "GetFlightInfo"));
  return call->Finish(
      RouteInfo(*call, CallContextAdapter(context, *call), request, info));
}

arrow::Status Listener::RouteInfo(Call& call, const ServerCallContext& context,
                                  const FlightDescriptor& request,
                                  std::unique_ptr<arrow::flight::FlightInfo>* info) {
  if (request.type == FlightDescriptor::PATH) {
    return commands::PlanTable(call, request).Value(info);
  }
  if (KindOfRequest(request.cmd) == RequestKind::kFlightSql) {
    ARROW_RETURN_NOT_OK(CheckSqlCommand("GetFlightInfo", request.cmd));
    return sql_.GetFlightInfo(context, request, info);
  }
  return UnknownCommand("GetFlightInfo", request.cmd);
}

arrow::Status Listener::PollFlightInfo(const ServerCallContext& context,
                                       const FlightDescriptor& request,
                                       std::unique_ptr<arrow::flight::PollInfo>* info) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "PollFlightInfo"));
  return call->Finish(
      RoutePoll(*call, CallContextAdapter(context, *call), request, info));
}

arrow::Status Listener::RoutePoll(Call& call, const ServerCallContext& context,
                                  const FlightDescriptor& request,
                                  std::unique_ptr<arrow::flight::PollInfo>* info) {
  if (request.type == FlightDescriptor::CMD) {
    if (KindOfRequest(request.cmd) == RequestKind::kPoll) {
      return commands::PollAgain(call, request).Value(info);
    }
    if (const auto message = FlightSqlCommand(request.cmd, "CommandStatementQuery")) {
      return commands::PollStatement(call, StatementOf(*message), request).Value(info);
    }
  }
  // Everything else is quick: its flight is complete with the first poll.
  std::unique_ptr<arrow::flight::FlightInfo> complete;
  ARROW_RETURN_NOT_OK(RouteInfo(call, context, request, &complete));
  *info = std::make_unique<arrow::flight::PollInfo>(std::move(complete), std::nullopt,
                                                    1.0, std::nullopt);
  return arrow::Status::OK();
}

arrow::Status Listener::GetSchema(const ServerCallContext& context,
                                  const FlightDescriptor& request,
                                  std::unique_ptr<arrow::flight::SchemaResult>* schema) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "GetSchema"));
  if (request.type == FlightDescriptor::PATH) {
    return call->Finish(commands::DescribeTable(*call, request).Value(schema));
  }
  if (KindOfRequest(request.cmd) != RequestKind::kFlightSql) {
    return call->Finish(UnknownCommand("GetSchema", request.cmd));
  }
  if (const arrow::Status known = CheckSqlCommand("GetSchema", request.cmd);
      !known.ok()) {
    return call->Finish(known);
  }
  const CallContextAdapter adapter(context, *call);
  return call->Finish(sql_.GetSchema(adapter, request, schema));
}

// ---- DoGet

arrow::Status Listener::DoGet(const ServerCallContext& context,
                              const arrow::flight::Ticket& request,
                              std::unique_ptr<arrow::flight::FlightDataStream>* stream) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "DoGet"));
  const CallContextAdapter adapter(context, *call);
  const arrow::Status status = RouteTicket(*call, adapter, request, stream);
  if (!status.ok()) return call->Finish(status);
  *stream = KeepCall(std::move(call), std::move(*stream));
  return status;
}

arrow::Status Listener::RouteTicket(
    Call& call, const ServerCallContext& context, const arrow::flight::Ticket& request,
    std::unique_ptr<arrow::flight::FlightDataStream>* stream) {
  switch (KindOfRequest(request.ticket)) {
    case RequestKind::kFlightSql:
      // Not in the protocol, but of use: the query in the ticket saves a round trip.
      if (const auto message =
              FlightSqlCommand(request.ticket, "CommandStatementQuery")) {
        auto statement = StatementOf(*message);
        return commands::RunStatement(call, std::move(statement.query),
                                      std::move(statement.transaction_id))
            .Value(stream);
      }
      ARROW_RETURN_NOT_OK(CheckSqlCommand("DoGet", request.ticket));
      return sql_.DoGet(context, request, stream);
    case RequestKind::kJson:
      return commands::FetchJsonTicket(call, request.ticket).Value(stream);
    default:
      if (TypeOfMessage(request.ticket)) return CheckSqlCommand("DoGet", request.ticket);
      return base::MakeError(ErrorKind::kInvalidArgument,
                             "The ticket is none of this server's: send one that it "
                             "handed out, or JSON with 'sql', 'table' or 'param_type'");
  }
}

// ---- DoPut, DoExchange

arrow::Status Listener::DoPut(
    const ServerCallContext& context,
    std::unique_ptr<arrow::flight::FlightMessageReader> reader,
    std::unique_ptr<arrow::flight::FlightMetadataWriter> writer) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "DoPut"));
  auto upload =
      std::make_unique<UploadReader>(call, std::move(reader), door_.options.limits);
  const FlightDescriptor& request = upload->descriptor();
  if (request.type == FlightDescriptor::CMD &&
      KindOfRequest(request.cmd) == RequestKind::kFlightSql) {
    if (const arrow::Status known = CheckSqlCommand("DoPut", request.cmd); !known.ok()) {
      return call->Finish(known);
    }
    const CallContextAdapter adapter(context, *call);
    return call->Finish(sql_.DoPut(adapter, std::move(upload), std::move(writer)));
  }
  return call->Finish(
      commands::PutStream(*call, context.incoming_headers(), upload.get(), writer.get()));
}

arrow::Status Listener::DoExchange(const ServerCallContext& context,
                                   std::unique_ptr<arrow::flight::FlightMessageReader>,
                                   std::unique_ptr<arrow::flight::FlightMessageWriter>) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "DoExchange"));
  return call->Finish(base::MakeError(ErrorKind::kUnimplemented,
                                      "There is nothing to exchange here: upload with "
                                      "DoPut and read with DoGet"));
}

// ---- actions

arrow::Status Listener::DoAction(const ServerCallContext& context,
                                 const arrow::flight::Action& action,
                                 std::unique_ptr<arrow::flight::ResultStream>* result) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "DoAction"));
  arrow::flight::Action filled = action;
  if (!filled.body) filled.body = arrow::Buffer::FromString("");
  arrow::Status status;
  if (action.type == commands::kSqlQueryAction) {
    status =
        commands::RunSqlQueryAction(*call, std::string_view(*filled.body)).Value(result);
  } else {
    status = sql_.DoAction(CallContextAdapter(context, *call), filled, result);
  }
  if (!status.ok()) return call->Finish(status);
  *result = KeepCall(std::move(call), std::move(*result));
  return status;
}

arrow::Status Listener::ListActions(const ServerCallContext& context,
                                    std::vector<arrow::flight::ActionType>* actions) {
  ARROW_ASSIGN_OR_RAISE(auto call, door_.Begin(context, "ListActions"));
  ARROW_RETURN_NOT_OK(
      call->Finish(sql_.ListActions(CallContextAdapter(context, *call), actions)));
  // Only what does something here.
  std::erase_if(*actions, [](const arrow::flight::ActionType& type) {
    return type.type == "BeginSavepoint" || type.type == "EndSavepoint" ||
           type.type == "CreatePreparedSubstraitPlan" ||
           type.type == arrow::flight::ActionType::kRenewFlightEndpoint.type;
  });
  actions->push_back({std::string(commands::kSqlQueryAction),
                      "Run SQL.\n"
                      "Request: the text, or {\"type\":\"sql.query\",\"data\":\"…\"}\n"
                      "Response: a JSON object a row"});
  return arrow::Status::OK();
}

}  // namespace pintail::flight
