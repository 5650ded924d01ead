#include "ingest/refusal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;

// What PostgreSQL, MySQL and SQLite say of a row. DuckDB's extensions hand their words on
// without a kind of error.
constexpr std::array<std::string_view, 33> kOfRows = {
    "violates check constraint",
    "violates not-null constraint",
    "violates unique constraint",
    "violates foreign key constraint",
    "violates exclusion constraint",
    "no partition of relation",
    "duplicate key value",
    "out of range",
    "value too long",
    "numeric field overflow",
    "invalid byte sequence",
    "invalid input syntax",
    "invalid input value",
    "NULL-byte",
    "Duplicate entry",
    "Data too long",
    "Out of range value",
    "cannot be null",
    "Incorrect integer value",
    "Incorrect decimal value",
    "Incorrect string value",
    "Incorrect datetime value",
    "Incorrect date value",
    "Incorrect time value",
    "Incorrect double value",
    "Data truncated for column",
    "foreign key constraint fails",
    "is violated",
    "UNIQUE constraint failed",
    "CHECK constraint failed",
    "NOT NULL constraint failed",
    "FOREIGN KEY constraint failed",
    "datatype mismatch",
};

// What they say when it is about the table, the server or the connection.
constexpr std::array<std::string_view, 27> kOfSources = {
    "does not exist",
    "doesn't exist",
    "ermission denied",
    "must be owner",
    "command denied",
    "ccess denied",
    "No space left",
    "disk full",
    "disk is full",
    "out of memory",
    "read-only",
    "too many",
    "could not serialize",
    "eadlock",
    "ock wait timeout",
    "statement timeout",
    "canceling",
    "terminating connection",
    "shutting down",
    "starting up",
    "recovery mode",
    "server closed the connection",
    "onnection",
    "gone away",
    "database is locked",
    "current transaction is aborted",
    "SSL",
};

bool SaysAny(const std::string& text, const auto& phrases) {
  return std::ranges::any_of(phrases, [&](std::string_view phrase) {
    return text.find(phrase) != std::string::npos;
  });
}

}  // namespace

Fault FaultOf(const arrow::Status& failure) {
  switch (base::KindOf(failure)) {
    case ErrorKind::kUnavailable:
    case ErrorKind::kCancelled:
    case ErrorKind::kDeadlineExceeded:
    case ErrorKind::kResourceExhausted:
    case ErrorKind::kPermissionDenied:
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kNotFound:
    case ErrorKind::kConflict:
    case ErrorKind::kInvalidSql:
    case ErrorKind::kUnimplemented:
      return Fault::kSource;
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kInternal:
      break;
  }
  const std::string& text = failure.message();
  // First: what a row holds may be quoted behind it.
  if (SaysAny(text, kOfRows)) return Fault::kRow;
  if (SaysAny(text, kOfSources)) return Fault::kSource;
  return base::KindOf(failure) == ErrorKind::kInternal ? Fault::kUnclear : Fault::kRow;
}

}  // namespace pintail::ingest
