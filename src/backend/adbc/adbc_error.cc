#include "backend/adbc/adbc_error.h"

#include <utility>

#include "arrow-adbc/adbc_driver_manager.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;

struct StateRow {
  std::string_view state;  // five characters, or a class of two
  ErrorKind kind;
};

// States before their classes.
constexpr StateRow kStates[] = {
    {"08P01", ErrorKind::kInternal},  // what was sent was not understood
    {"08", ErrorKind::kUnavailable},
    {"0A", ErrorKind::kUnimplemented},
    {"21", ErrorKind::kInvalidArgument},
    {"22", ErrorKind::kInvalidArgument},
    {"23505", ErrorKind::kAlreadyExists},
    {"23", ErrorKind::kInvalidArgument},
    {"25006", ErrorKind::kPermissionDenied},  // a read-only transaction
    {"25", ErrorKind::kInvalidArgument},
    {"28", ErrorKind::kUnauthenticated},
    {"3D000", ErrorKind::kNotFound},
    {"3F000", ErrorKind::kNotFound},
    {"40", ErrorKind::kConflict},
    {"42P01", ErrorKind::kNotFound},
    {"42S02", ErrorKind::kNotFound},
    {"42P04", ErrorKind::kAlreadyExists},
    {"42P06", ErrorKind::kAlreadyExists},
    {"42P07", ErrorKind::kAlreadyExists},
    {"42S01", ErrorKind::kAlreadyExists},
    {"42710", ErrorKind::kAlreadyExists},
    {"42501", ErrorKind::kPermissionDenied},
    {"42", ErrorKind::kInvalidSql},
    {"53", ErrorKind::kResourceExhausted},
    {"54", ErrorKind::kResourceExhausted},
    {"55P03", ErrorKind::kConflict},
    {"55", ErrorKind::kInvalidArgument},
    {"57014", ErrorKind::kCancelled},
    {"57", ErrorKind::kUnavailable},  // shutting down, starting up
    {"58", ErrorKind::kUnavailable},
    {"HYT00", ErrorKind::kDeadlineExceeded},
    {"HYT01", ErrorKind::kDeadlineExceeded},
    {"XX", ErrorKind::kInternal},
};

ErrorKind KindOfStatus(AdbcStatusCode status) {
  switch (status) {
    case ADBC_STATUS_NOT_IMPLEMENTED:
      return ErrorKind::kUnimplemented;
    case ADBC_STATUS_NOT_FOUND:
      return ErrorKind::kNotFound;
    case ADBC_STATUS_ALREADY_EXISTS:
      return ErrorKind::kAlreadyExists;
    case ADBC_STATUS_INVALID_ARGUMENT:
    case ADBC_STATUS_INVALID_STATE:
    case ADBC_STATUS_INVALID_DATA:
    case ADBC_STATUS_INTEGRITY:
      return ErrorKind::kInvalidArgument;
    case ADBC_STATUS_IO:
      return ErrorKind::kUnavailable;
    case ADBC_STATUS_CANCELLED:
      return ErrorKind::kCancelled;
    case ADBC_STATUS_TIMEOUT:
      return ErrorKind::kDeadlineExceeded;
    case ADBC_STATUS_UNAUTHENTICATED:
      return ErrorKind::kUnauthenticated;
    case ADBC_STATUS_UNAUTHORIZED:
      return ErrorKind::kPermissionDenied;
    default:
      return ErrorKind::kInternal;
  }
}

struct WordsRow {
  std::string_view words;
  ErrorKind kind;
};

constexpr WordsRow kSqliteWords[] = {
    {"no such table", ErrorKind::kNotFound},
    {"no such view", ErrorKind::kNotFound},
    {"unknown database", ErrorKind::kNotFound},
    {"already exists", ErrorKind::kAlreadyExists},
    {"UNIQUE constraint failed", ErrorKind::kAlreadyExists},
    {"constraint failed", ErrorKind::kInvalidArgument},
    {"datatype mismatch", ErrorKind::kInvalidArgument},
    {"syntax error", ErrorKind::kInvalidSql},
    {"incomplete input", ErrorKind::kInvalidSql},
    {"no such ", ErrorKind::kInvalidSql},
    {"is locked", ErrorKind::kConflict},
    {"readonly database", ErrorKind::kPermissionDenied},
    {"disk is full", ErrorKind::kResourceExhausted},
    {"unable to open", ErrorKind::kUnavailable},
    {"disk I/O error", ErrorKind::kUnavailable},
};

// What PostgreSQL's driver says of a connection that was refused, where it has no
// SQLSTATE.
constexpr WordsRow kConnectWords[] = {
    {"password authentication failed", ErrorKind::kUnauthenticated},
    {"no password supplied", ErrorKind::kUnauthenticated},
    {"no pg_hba.conf entry", ErrorKind::kUnauthenticated},
    {"authentication failed", ErrorKind::kUnauthenticated},
    {"role \"", ErrorKind::kUnauthenticated},
    {"FATAL:  database \"", ErrorKind::kNotFound},
    // A value that it cannot decode is a failure of input to it.
    {"ReadRecord failed", ErrorKind::kUnimplemented},
};

ErrorKind KindOfUnavailable(std::string_view message) {
  for (const WordsRow& row : kConnectWords) {
    if (message.contains(row.words)) return row.kind;
  }
  return ErrorKind::kUnavailable;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

ErrorKind KindOfSqliteError(AdbcStatusCode status, std::string_view message) {
  for (const WordsRow& row : kSqliteWords) {
    if (message.contains(row.words)) return row.kind;
  }
  // A library in this process is reached in any case.
  const ErrorKind kind = KindOfStatus(status);
  return kind == ErrorKind::kUnavailable ? ErrorKind::kInternal : kind;
}

ErrorKind KindOfAdbcError(AdbcStatusCode status, std::string_view sqlstate) {
  // What has never been set is five zero bytes; "00000" is success.
  if (sqlstate.size() == 5 && sqlstate[0] != '\0' && sqlstate != "00000") {
    for (const StateRow& row : kStates) {
      if (sqlstate.starts_with(row.state)) return row.kind;
    }
  }
  return KindOfStatus(status);
}

arrow::Status AdbcFailure::Translate(AdbcStatusCode status, const AdbcError* error,
                                     const Blame& blame) {
  if (status == ADBC_STATUS_OK) return arrow::Status::OK();
  std::string message = "source '" + blame.source + "': ";
  if (error && error->message && *error->message) {
    message += blame.redaction.Apply(Trimmed(error->message));
  } else {
    message += std::string("the driver failed without a message (") +
               AdbcStatusCodeMessage(status) + ")";
  }
  const std::string_view sqlstate =
      error ? std::string_view(error->sqlstate, sizeof(error->sqlstate)) : "";
  const std::string_view said = error && error->message ? error->message : "";
  ErrorKind kind = blame.is_sqlite ? KindOfSqliteError(status, said)
                                   : KindOfAdbcError(status, sqlstate);
  if (kind == ErrorKind::kUnavailable) kind = KindOfUnavailable(said);
  return base::MakeStatus(kind, std::move(message));
}

}  // namespace pintail::backend
