// The one vocabulary of errors, from store to door.
//
// Every failure is an arrow::Status that carries an ErrorKind in its detail. Rooms make
// errors with MakeError; the doors translate the kind into their protocol's status. Pure
// functions, callable from any thread.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "arrow/status.h"

namespace pintail::base {

// What kind of failure a caller has to deal with. The order is part of no interface;
// the names returned by ErrorKindName are (REST bodies, metrics, logs).
enum class ErrorKind : uint8_t {
  kNotFound,
  kAlreadyExists,
  kInvalidSql,
  kInvalidArgument,
  kUnauthenticated,
  kPermissionDenied,
  kConflict,
  kUnavailable,
  kDeadlineExceeded,
  kCancelled,
  kResourceExhausted,
  kUnimplemented,
  kInternal,
};

inline constexpr int kErrorKindCount = 13;

// The stable, snake_case name of a kind, for example "invalid_sql".
std::string_view ErrorKindName(ErrorKind kind);

// A Status of the kind with this message: what happened, the values, what to do.
arrow::Status MakeStatus(ErrorKind kind, std::string message);

// The same, its message put together from the parts as by operator<<.
template <typename... Parts>
arrow::Status MakeError(ErrorKind kind, Parts&&... parts) {
  std::ostringstream message;
  (message << ... << std::forward<Parts>(parts));
  return MakeStatus(kind, std::move(message).str());
}

// The kind of a failed status: the one it was made with or, for a status that came from
// Arrow itself, the nearest one for its code. Must not be called with an OK status.
ErrorKind KindOf(const arrow::Status& status);

// Whether the failed status was made by MakeStatus, and so names its kind itself.
bool HasKind(const arrow::Status& status);

// The status with `context` and ": " put before its message; kind and code are kept.
arrow::Status WithContext(const arrow::Status& status, std::string_view context);

}  // namespace pintail::base
