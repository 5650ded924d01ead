#include "flight/wire_error.h"

#include <cstddef>
#include <string>

#include "arrow/flight/types.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightStatusCode;
using arrow::flight::MakeFlightError;
using base::ErrorKind;

// Headers hold a byte outside printable ASCII as three characters, and Arrow adds a
// base64 copy. This much text keeps both under half of a default client's 8 KiB.
constexpr size_t kMaxEncodedBytes = 3'000;

size_t EncodedSize(unsigned char byte) {
  return byte >= 0x20 && byte < 0x7f && byte != '%' ? 1 : 3;
}

// As much of the text as fits, cut between characters.
std::string_view Shortened(std::string_view text) {
  size_t encoded = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    encoded += EncodedSize(static_cast<unsigned char>(text[i]));
    if (encoded > kMaxEncodedBytes) {
      while (i > 0 && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) --i;
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace

arrow::Status FlightStatus(ErrorKind kind, std::string_view message) {
  std::string text(message);
  switch (kind) {
    case ErrorKind::kNotFound:
      return arrow::Status::KeyError(text);
    case ErrorKind::kAlreadyExists:
      return arrow::Status::AlreadyExists(text);
    case ErrorKind::kInvalidSql:
    case ErrorKind::kInvalidArgument:
      return arrow::Status::Invalid(text);
    case ErrorKind::kUnauthenticated:
      return MakeFlightError(FlightStatusCode::Unauthenticated, std::move(text));
    case ErrorKind::kPermissionDenied:
      return MakeFlightError(FlightStatusCode::Unauthorized, std::move(text));
    case ErrorKind::kConflict:
      return MakeFlightError(FlightStatusCode::Failed, std::move(text));
    case ErrorKind::kUnavailable:
      return MakeFlightError(FlightStatusCode::Unavailable, std::move(text));
    case ErrorKind::kDeadlineExceeded:
      return MakeFlightError(FlightStatusCode::TimedOut, std::move(text));
    case ErrorKind::kCancelled:
      return MakeFlightError(FlightStatusCode::Cancelled, std::move(text));
    case ErrorKind::kResourceExhausted:
      return arrow::Status::CapacityError(text);
    case ErrorKind::kUnimplemented:
      return arrow::Status::NotImplemented(text);
    case ErrorKind::kInternal:
      return MakeFlightError(FlightStatusCode::Internal, std::move(text));
  }
  return MakeFlightError(FlightStatusCode::Internal, std::move(text));
}

grpc::StatusCode GrpcCode(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return grpc::NOT_FOUND;
    case ErrorKind::kAlreadyExists:
      return grpc::ALREADY_EXISTS;
    case ErrorKind::kInvalidSql:
    case ErrorKind::kInvalidArgument:
      return grpc::INVALID_ARGUMENT;
    case ErrorKind::kUnauthenticated:
      return grpc::UNAUTHENTICATED;
    case ErrorKind::kPermissionDenied:
      return grpc::PERMISSION_DENIED;
    case ErrorKind::kConflict:
      return grpc::ABORTED;
    case ErrorKind::kUnavailable:
      return grpc::UNAVAILABLE;
    case ErrorKind::kDeadlineExceeded:
      return grpc::DEADLINE_EXCEEDED;
    case ErrorKind::kCancelled:
      return grpc::CANCELLED;
    case ErrorKind::kResourceExhausted:
      return grpc::RESOURCE_EXHAUSTED;
    case ErrorKind::kUnimplemented:
      return grpc::UNIMPLEMENTED;
    case ErrorKind::kInternal:
      return grpc::INTERNAL;
  }
  return grpc::INTERNAL;
}

std::string WireMessage(std::string_view message, std::string_view request_id) {
  const std::string_view shortened = Shortened(message);
  std::string text(shortened);
  if (shortened.size() < message.size()) text += " … (shortened)";
  text += " (request ";
  text += request_id;
  text += ')';
  return text;
}

}  // namespace pintail::flight
