#include "flight/wire_error.h"

#include <optional>
#include <string>

#include "arrow/flight/types.h"
#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

using arrow::StatusCode;
using arrow::flight::FlightStatusCode;
using base::ErrorKind;

struct Row {
  ErrorKind kind;
  grpc::StatusCode grpc_code;
  StatusCode arrow_code;
  std::optional<FlightStatusCode> flight_code;
};

TEST(WireError, TranslatesEveryKind) {
  const Row kTable[] = {
      {ErrorKind::kNotFound, grpc::NOT_FOUND, StatusCode::KeyError, {}},
      {ErrorKind::kAlreadyExists, grpc::ALREADY_EXISTS, StatusCode::AlreadyExists, {}},
      {ErrorKind::kInvalidSql, grpc::INVALID_ARGUMENT, StatusCode::Invalid, {}},
      {ErrorKind::kInvalidArgument, grpc::INVALID_ARGUMENT, StatusCode::Invalid, {}},
      {ErrorKind::kUnauthenticated, grpc::UNAUTHENTICATED, StatusCode::IOError,
       FlightStatusCode::Unauthenticated},
      {ErrorKind::kPermissionDenied, grpc::PERMISSION_DENIED, StatusCode::IOError,
       FlightStatusCode::Unauthorized},
      {ErrorKind::kConflict, grpc::ABORTED, StatusCode::IOError,
       FlightStatusCode::Failed},
      {ErrorKind::kUnavailable, grpc::UNAVAILABLE, StatusCode::IOError,
       FlightStatusCode::Unavailable},
      {ErrorKind::kDeadlineExceeded, grpc::DEADLINE_EXCEEDED, StatusCode::IOError,
       FlightStatusCode::TimedOut},
      {ErrorKind::kCancelled, grpc::CANCELLED, StatusCode::IOError,
       FlightStatusCode::Cancelled},
      {ErrorKind::kResourceExhausted,
       grpc::RESOURCE_EXHAUSTED,
       StatusCode::CapacityError,
       {}},
      {ErrorKind::kUnimplemented, grpc::UNIMPLEMENTED, StatusCode::NotImplemented, {}},
      {ErrorKind::kInternal, grpc::INTERNAL, StatusCode::IOError,
       FlightStatusCode::Internal},
  };
  EXPECT_EQ(std::size(kTable), static_cast<size_t>(base::kErrorKindCount));
  for (const Row& row : kTable) {
    SCOPED_TRACE(base::ErrorKindName(row.kind));
    const arrow::Status status = FlightStatus(row.kind, "what happened");
    EXPECT_EQ(GrpcCode(row.kind), row.grpc_code);
    EXPECT_EQ(status.code(), row.arrow_code);
    EXPECT_EQ(status.message(), "what happened");
    const auto detail = arrow::flight::FlightStatusDetail::UnwrapStatus(status);
    ASSERT_EQ(detail != nullptr, row.flight_code.has_value());
    if (detail) {
      EXPECT_EQ(detail->code(), *row.flight_code);
    }
  }
}

TEST(WireError, EndsWithTheRequestId) {
  EXPECT_EQ(WireMessage("No table t", "abc"), "No table t (request abc)");
}

TEST(WireError, ShortensWhatWouldNotFitIntoTrailers) {
  const std::string message = WireMessage(std::string(100'000, 'x'), "abc");
  EXPECT_LT(message.size(), 4'000u);
  EXPECT_TRUE(message.ends_with("… (shortened) (request abc)")) << message;
}

TEST(WireError, ShortensBetweenCharacters) {
  std::string euros;
  for (int i = 0; i < 5'000; ++i) euros += "€";
  const std::string message = WireMessage(euros, "abc");
  const std::string kept = message.substr(0, message.find(' '));
  EXPECT_LT(kept.size(), 1'500u);
  EXPECT_EQ(kept.size() % 3, 0u);
}

}  // namespace
}  // namespace pintail::flight
