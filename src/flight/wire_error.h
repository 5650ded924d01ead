// Errors on the wire: which Flight status and which gRPC code a client gets for each
// kind. Pure functions.
#pragma once

#include <string_view>

#include "arrow/status.h"
#include "base/error.h"
#include "grpcpp/support/status_code_enum.h"

namespace pintail::flight {

// The status that Arrow's server turns into trailers from which Arrow's own clients
// rebuild it. Some kinds have no code there; GrpcCode is what goes over the wire in any
// case.
arrow::Status FlightStatus(base::ErrorKind kind, std::string_view message);

grpc::StatusCode GrpcCode(base::ErrorKind kind);

// The message as it may go into trailers: with the request id at its end, and shortened
// so that a client's own limit on headers (8 KiB by default, and the text travels twice)
// cannot hide the error.
std::string WireMessage(std::string_view message, std::string_view request_id);

}  // namespace pintail::flight
