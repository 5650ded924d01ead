#include "http/status.h"

#include <gtest/gtest.h>

namespace pintail::http {
namespace {

using base::ErrorKind;

TEST(Status, TellsEveryKindOfErrorByItsOwnCode) {
  const struct {
    ErrorKind kind;
    int http_status;
    const char* code;
    const char* reason;
  } rows[] = {
      {ErrorKind::kNotFound, 404, "not_found", "Not Found"},
      {ErrorKind::kAlreadyExists, 409, "already_exists", "Conflict"},
      {ErrorKind::kInvalidSql, 400, "invalid_sql", "Bad Request"},
      {ErrorKind::kInvalidArgument, 400, "invalid_argument", "Bad Request"},
      {ErrorKind::kUnauthenticated, 401, "unauthenticated", "Unauthorized"},
      {ErrorKind::kPermissionDenied, 403, "permission_denied", "Forbidden"},
      {ErrorKind::kConflict, 409, "conflict", "Conflict"},
      {ErrorKind::kUnavailable, 503, "unavailable", "Service Unavailable"},
      {ErrorKind::kDeadlineExceeded, 504, "deadline_exceeded", "Gateway Timeout"},
      {ErrorKind::kCancelled, 499, "cancelled", "Client Closed Request"},
      {ErrorKind::kResourceExhausted, 429, "resource_exhausted", "Too Many Requests"},
      {ErrorKind::kUnimplemented, 501, "unimplemented", "Not Implemented"},
      {ErrorKind::kInternal, 500, "internal", "Internal Server Error"},
  };
  EXPECT_EQ(std::size(rows), base::kErrorKindCount);
  for (const auto& row : rows) {
    const HttpError error = ErrorOf(base::MakeError(row.kind, "why"));
    EXPECT_EQ(error.http_status, row.http_status) << row.code;
    EXPECT_EQ(error.code, row.code);
    EXPECT_EQ(error.message, "why");
    EXPECT_EQ(ReasonPhrase(row.http_status), row.reason);
  }
}

TEST(Status, KeepsWhatOnlyHttpKnows) {
  const HttpError error =
      ErrorOf(Refusal(415, "unsupported_media_type", "no such thing"));
  EXPECT_EQ(error.http_status, 415);
  EXPECT_EQ(error.code, "unsupported_media_type");
  EXPECT_EQ(error.message, "no such thing");
}

TEST(Status, TakesAnErrorOfArrowItselfForItsNearestKind) {
  EXPECT_EQ(ErrorOf(arrow::Status::Invalid("x")).http_status, 400);
  EXPECT_EQ(ErrorOf(arrow::Status::IOError("x")).http_status, 500);
}

TEST(Status, WritesBodiesThatAreJsonWhateverTheMessageHolds) {
  const HttpError error{400, "invalid_argument", "a\"b\nc\xff"};
  EXPECT_EQ(
      ErrorBody(ErrorStyle::kCoded, error, "id-1"),
      "{\"error\":{\"code\":\"invalid_argument\",\"message\":\"a\\\"b\\nc\xEF\xBF\xBD\","
      "\"request_id\":\"id-1\"}}\n");
  EXPECT_EQ(ErrorBody(ErrorStyle::kDetail, error, "id-1"),
            "{\"detail\":\"a\\\"b\\nc\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace pintail::http
