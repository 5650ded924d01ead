// The Flight server at one address: takes every request, tells by its content what it is,
// and passes it on with its call. Owned by FlightDoor; gRPC's threads call it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "arrow/flight/server.h"
#include "flight/door.h"
#include "flight/sql_server.h"

namespace grpc {
class ResourceQuota;
}

namespace pintail::flight {

class HealthService;

class Listener final : public arrow::flight::FlightServerBase {
 public:
  // Both outlive the listener.
  Listener(Door& door, HealthService& health,
           const arrow::flight::sql::SqlInfoResultMap& info);

  // Listens. Unavailable, naming the address, when it cannot be had.
  arrow::Status Listen(const ListenAddress& address, const grpc::ResourceQuota& quota);

  arrow::Status ListFlights(
      const arrow::flight::ServerCallContext& context,
      const arrow::flight::Criteria* criteria,
      std::unique_ptr<arrow::flight::FlightListing>* listings) override;
  arrow::Status GetFlightInfo(const arrow::flight::ServerCallContext& context,
                              const arrow::flight::FlightDescriptor& request,
                              std::unique_ptr<arrow::flight::FlightInfo>* info) override;
  arrow::Status PollFlightInfo(const arrow::flight::ServerCallContext& context,
                               const arrow::flight::FlightDescriptor& request,
                               std::unique_ptr<arrow::flight::PollInfo>* info) override;
  arrow::Status GetSchema(const arrow::flight::ServerCallContext& context,
                          const arrow::flight::FlightDescriptor& request,
                          std::unique_ptr<arrow::flight::SchemaResult>* schema) override;
  arrow::Status DoGet(const arrow::flight::ServerCallContext& context,
                      const arrow::flight::Ticket& request,
                      std::unique_ptr<arrow::flight::FlightDataStream>* stream) override;
  arrow::Status DoPut(
      const arrow::flight::ServerCallContext& context,
      std::unique_ptr<arrow::flight::FlightMessageReader> reader,
      std::unique_ptr<arrow::flight::FlightMetadataWriter> writer) override;
  arrow::Status DoExchange(
      const arrow::flight::ServerCallContext& context,
      std::unique_ptr<arrow::flight::FlightMessageReader> reader,
      std::unique_ptr<arrow::flight::FlightMessageWriter> writer) override;
  arrow::Status DoAction(const arrow::flight::ServerCallContext& context,
                         const arrow::flight::Action& action,
                         std::unique_ptr<arrow::flight::ResultStream>* result) override;
  arrow::Status ListActions(const arrow::flight::ServerCallContext& context,
                            std::vector<arrow::flight::ActionType>* actions) override;

 private:
  arrow::Status RouteInfo(Call& call, const arrow::flight::ServerCallContext& context,
                          const arrow::flight::FlightDescriptor& request,
                          std::unique_ptr<arrow::flight::FlightInfo>* info);
  arrow::Status RoutePoll(Call& call, const arrow::flight::ServerCallContext& context,
                          const arrow::flight::FlightDescriptor& request,
                          std::unique_ptr<arrow::flight::PollInfo>* info);
  arrow::Status RouteTicket(Call& call, const arrow::flight::ServerCallContext& context,
                            const arrow::flight::Ticket& request,
                            std::unique_ptr<arrow::flight::FlightDataStream>* stream);

  Door& door_;
  HealthService& health_;
  SqlServer sql_;
};

}  // namespace pintail::flight
