#include "backend/adbc/adbc_error.h"

#include <cstring>

#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;

TEST(AdbcError, HasAKindForEveryStatusAndState) {
  struct Row {
    AdbcStatusCode status;
    const char* sqlstate;
    ErrorKind kind;
  };
  const Row rows[] = {
      {ADBC_STATUS_UNKNOWN, "", ErrorKind::kInternal},
      {ADBC_STATUS_NOT_IMPLEMENTED, "", ErrorKind::kUnimplemented},
      {ADBC_STATUS_NOT_FOUND, "", ErrorKind::kNotFound},
      {ADBC_STATUS_ALREADY_EXISTS, "", ErrorKind::kAlreadyExists},
      {ADBC_STATUS_INVALID_ARGUMENT, "", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_INVALID_STATE, "", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_INVALID_DATA, "", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_INTEGRITY, "", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_INTERNAL, "", ErrorKind::kInternal},
      {ADBC_STATUS_IO, "", ErrorKind::kUnavailable},
      {ADBC_STATUS_CANCELLED, "", ErrorKind::kCancelled},
      {ADBC_STATUS_TIMEOUT, "", ErrorKind::kDeadlineExceeded},
      {ADBC_STATUS_UNAUTHENTICATED, "", ErrorKind::kUnauthenticated},
      {ADBC_STATUS_UNAUTHORIZED, "", ErrorKind::kPermissionDenied},
      // The state says more than the status.
      {ADBC_STATUS_IO, "42P01", ErrorKind::kNotFound},
      {ADBC_STATUS_IO, "42703", ErrorKind::kInvalidSql},
      {ADBC_STATUS_IO, "42601", ErrorKind::kInvalidSql},
      {ADBC_STATUS_IO, "42501", ErrorKind::kPermissionDenied},
      {ADBC_STATUS_IO, "42P07", ErrorKind::kAlreadyExists},
      {ADBC_STATUS_IO, "42S02", ErrorKind::kNotFound},
      {ADBC_STATUS_INVALID_DATA, "22012", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_IO, "23505", ErrorKind::kAlreadyExists},
      {ADBC_STATUS_IO, "23502", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_IO, "25006", ErrorKind::kPermissionDenied},
      {ADBC_STATUS_IO, "25P02", ErrorKind::kInvalidArgument},
      {ADBC_STATUS_IO, "28P01", ErrorKind::kUnauthenticated},
      {ADBC_STATUS_IO, "3D000", ErrorKind::kNotFound},
      {ADBC_STATUS_IO, "40001", ErrorKind::kConflict},
      {ADBC_STATUS_IO, "40P01", ErrorKind::kConflict},
      {ADBC_STATUS_IO, "53300", ErrorKind::kResourceExhausted},
      {ADBC_STATUS_IO, "55P03", ErrorKind::kConflict},
      {ADBC_STATUS_IO, "57014", ErrorKind::kCancelled},
      {ADBC_STATUS_IO, "57P01", ErrorKind::kUnavailable},
      {ADBC_STATUS_INTERNAL, "08006", ErrorKind::kUnavailable},
      {ADBC_STATUS_IO, "08P01", ErrorKind::kInternal},
      {ADBC_STATUS_INTERNAL, "0A000", ErrorKind::kUnimplemented},
      {ADBC_STATUS_IO, "HYT00", ErrorKind::kDeadlineExceeded},
      // States that say nothing.
      {ADBC_STATUS_TIMEOUT, "00000", ErrorKind::kDeadlineExceeded},
      {ADBC_STATUS_TIMEOUT, "ZZZZZ", ErrorKind::kDeadlineExceeded},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(KindOfAdbcError(row.status, row.sqlstate), row.kind)
        << static_cast<int>(row.status) << " " << row.sqlstate;
  }
}

TEST(AdbcError, ReadsWhatSqliteSays) {
  const std::pair<const char*, ErrorKind> rows[] = {
      {"[SQLite] Failed: no such table: a", ErrorKind::kNotFound},
      {"[SQLite] Failed: table a already exists", ErrorKind::kAlreadyExists},
      {"[SQLite] Failed: UNIQUE constraint failed: a.b", ErrorKind::kAlreadyExists},
      {"[SQLite] Failed: NOT NULL constraint failed: a.b", ErrorKind::kInvalidArgument},
      {"[SQLite] Failed: near \"SELEC\": syntax error", ErrorKind::kInvalidSql},
      {"[SQLite] Failed: no such column: c", ErrorKind::kInvalidSql},
      {"[SQLite] Failed: database is locked", ErrorKind::kConflict},
      {"[SQLite] Failed to open: unable to open database file", ErrorKind::kUnavailable},
      {"[SQLite] Failed: something else", ErrorKind::kInternal},
  };
  for (const auto& [message, kind] : rows) {
    EXPECT_EQ(KindOfSqliteError(ADBC_STATUS_IO, message), kind) << message;
  }
}

TEST(AdbcError, TellsARefusedLoginFromAServerThatIsDown) {
  const Blame blame{.source = "shop", .redaction = Redaction({})};
  const std::pair<std::string, ErrorKind> rows[] = {
      {"[libpq] Failed to connect: FATAL:  password authentication failed for user \"b\"",
       ErrorKind::kUnauthenticated},
      {"[libpq] Failed to connect: FATAL:  role \"b\" does not exist",
       ErrorKind::kUnauthenticated},
      {"[libpq] Failed to connect: FATAL:  database \"d\" does not exist",
       ErrorKind::kNotFound},
      {"[libpq] Failed to connect: Connection refused", ErrorKind::kUnavailable},
      {"[libpq] ReadRecord failed at row 0", ErrorKind::kUnimplemented},
  };
  for (const auto& [message, kind] : rows) {
    std::string said = message;
    AdbcError error = ADBC_ERROR_INIT;
    error.message = said.data();
    const arrow::Status status = AdbcFailure::Translate(ADBC_STATUS_IO, &error, blame);
    EXPECT_EQ(base::KindOf(status), kind) << message;
  }
}

TEST(AdbcError, KeepsTheVendorsMessageButNoSecret) {
  const Blame blame{.source = "shop", .redaction = Redaction({"s3cr@t"})};
  std::string said = "no login for bob with s3cr@t, that is s3cr%40t\n";
  AdbcError error = ADBC_ERROR_INIT;
  error.message = said.data();
  std::memcpy(error.sqlstate, "28P01", 5);
  const arrow::Status status = AdbcFailure::Translate(ADBC_STATUS_IO, &error, blame);
  EXPECT_EQ(base::KindOf(status), ErrorKind::kUnauthenticated);
  EXPECT_EQ(status.message(), "source 'shop': no login for bob with ***, that is ***");
}

TEST(AdbcError, SaysWhatFailedWithoutAMessage) {
  const Blame blame{.source = "shop", .redaction = Redaction({})};
  const arrow::Status status =
      AdbcFailure::Translate(ADBC_STATUS_TIMEOUT, nullptr, blame);
  EXPECT_EQ(base::KindOf(status), ErrorKind::kDeadlineExceeded);
  EXPECT_NE(status.message().find("source 'shop'"), std::string::npos);
}

}  // namespace
}  // namespace pintail::backend
