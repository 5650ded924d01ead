#include "engine/error_translation.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "duckdb/common/exception.hpp"
#include "engine/source_message.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using duckdb::ExceptionType;

std::string_view Extra(const duckdb::ErrorData& error, const char* key) {
  auto found = error.ExtraInfo().find(key);
  return found == error.ExtraInfo().end() ? std::string_view() : found->second;
}

// Where an error that only passes through DuckDB keeps its kind.
constexpr const char* kKindKey = "pintail_kind";
// Of an error of a commit DuckDB passes on the text alone: the kind comes after this.
constexpr char kKindMark = '\x1f';

std::optional<ErrorKind> KindThatPassedThrough(const duckdb::ErrorData& error) {
  std::string_view name = Extra(error, kKindKey);
  const std::string& text = error.RawMessage();
  const size_t mark = text.rfind(kKindMark);
  if (mark != text.npos) name = std::string_view(text).substr(mark + 1);
  for (int i = 0; !name.empty() && i < base::kErrorKindCount; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    if (base::ErrorKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

// DuckDB keeps a transaction open after the first of these only.
ExceptionType TypeToThrow(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnavailable:
      return ExceptionType::CONNECTION;
    case ErrorKind::kCancelled:
      return ExceptionType::INTERRUPT;
    default:
      return ExceptionType::INVALID_INPUT;
  }
}

// A missing table is something that the caller may create; a missing function or setting
// is a mistake in the statement.
bool IsObject(std::string_view type) {
  constexpr std::array kObjects = {"Table", "View", "Schema",   "Sequence",
                                   "Index", "Type", "Database", "Prepared Statement"};
  for (std::string_view object : kObjects) {
    if (type == object) return true;
  }
  return false;
}

ErrorKind KindOfCatalogError(const duckdb::ErrorData& error) {
  std::string_view subtype = Extra(error, "error_subtype");
  if (subtype == "ENTRY_ALREADY_EXISTS") return ErrorKind::kAlreadyExists;
  if (subtype == "MISSING_ENTRY" && IsObject(Extra(error, "type"))) {
    return ErrorKind::kNotFound;
  }
  return ErrorKind::kInvalidSql;
}

bool Says(const duckdb::ErrorData& error, std::string_view words) {
  return error.RawMessage().find(words) != std::string::npos;
}

// The operating system's reason, where DuckDB passes it on: as a number, else in words.
ErrorKind KindOfFileError(const duckdb::ErrorData& error, ErrorKind otherwise) {
  const std::string_view number = Extra(error, "errno");
  const std::string& text = error.RawMessage();
  if (Says(error, std::strerror(ENOSPC))) return ErrorKind::kResourceExhausted;
  if (number == std::to_string(ENOENT) || text.starts_with("No files found that match") ||
      (text.starts_with("Extension ") && Says(error, "not found"))) {
    return ErrorKind::kNotFound;
  }
  if (number == std::to_string(EACCES)) return ErrorKind::kPermissionDenied;
  return otherwise;
}

// Of DuckDB's words for a statement that would change a database which is read only: as
// it is run, and as it is begun.
bool IsReadOnly(const duckdb::ErrorData& error) {
  if (error.Type() == ExceptionType::INVALID_INPUT) {
    return Says(error, "which is attached in read-only mode!");
  }
  return error.Type() == ExceptionType::TRANSACTION &&
         Says(error, "transaction is launched in read-only mode");
}

bool IsDuplicateKey(const duckdb::ErrorData& error) {
  return Says(error, "uplicate key");
}

// Only a lost race is worth another try; a commit also fails with what the others are
// for.
ErrorKind KindOfTransactionError(const duckdb::ErrorData& error) {
  if (IsDuplicateKey(error)) return ErrorKind::kAlreadyExists;
  for (const char* misuse : {"no transaction is active", "within a transaction",
                             "Current transaction is aborted"}) {
    if (Says(error, misuse)) return ErrorKind::kInvalidArgument;
  }
  return KindOfFileError(error, ErrorKind::kConflict);
}

constexpr const char* kLetWrite =
    "ALTER SOURCE … SET (read_only false), or its configuration, lets it be changed";

std::string_view WithoutStackTrace(std::string_view message) {
  return message.substr(0, message.find("\n\nStack Trace:"));
}

ErrorKind KindOfType(const duckdb::ErrorData& error) {
  switch (error.Type()) {
    case ExceptionType::CATALOG:
      return KindOfCatalogError(error);
    case ExceptionType::PARSER:
    case ExceptionType::SYNTAX:
    case ExceptionType::BINDER:
    case ExceptionType::PLANNER:
    case ExceptionType::EXPRESSION:
    case ExceptionType::PARAMETER_NOT_RESOLVED:
    case ExceptionType::PARAMETER_NOT_ALLOWED:
      return ErrorKind::kInvalidSql;
    case ExceptionType::OUT_OF_RANGE:
    case ExceptionType::CONVERSION:
    case ExceptionType::UNKNOWN_TYPE:
    case ExceptionType::DECIMAL:
    case ExceptionType::MISMATCH_TYPE:
    case ExceptionType::DIVIDE_BY_ZERO:
    case ExceptionType::OBJECT_SIZE:
    case ExceptionType::INVALID_TYPE:
    case ExceptionType::INVALID_INPUT:
    case ExceptionType::SETTINGS:
    case ExceptionType::INVALID_CONFIGURATION:
    case ExceptionType::SEQUENCE:
      return ErrorKind::kInvalidArgument;
    case ExceptionType::CONSTRAINT:
      return IsDuplicateKey(error) ? ErrorKind::kAlreadyExists
                                   : ErrorKind::kInvalidArgument;
    case ExceptionType::TRANSACTION:
      return KindOfTransactionError(error);
    case ExceptionType::DEPENDENCY:
      return ErrorKind::kConflict;
    case ExceptionType::NOT_IMPLEMENTED:
    case ExceptionType::MISSING_EXTENSION:
    case ExceptionType::AUTOLOAD:
      return ErrorKind::kUnimplemented;
    case ExceptionType::IO:
      return KindOfFileError(error, ErrorKind::kUnavailable);
    case ExceptionType::NETWORK:
    case ExceptionType::HTTP:
    case ExceptionType::CONNECTION:
    case ExceptionType::FATAL:
      return ErrorKind::kUnavailable;
    case ExceptionType::PERMISSION:
      return ErrorKind::kPermissionDenied;
    case ExceptionType::INTERRUPT:
      return ErrorKind::kCancelled;
    case ExceptionType::OUT_OF_MEMORY:
      return ErrorKind::kResourceExhausted;
    default:
      return ErrorKind::kInternal;
  }
}

// The types that DuckDB's extensions put the words of their databases into.
bool MayQuoteASource(ExceptionType type) {
  switch (type) {
    case ExceptionType::INVALID:
    case ExceptionType::IO:
    case ExceptionType::CONNECTION:
    case ExceptionType::NETWORK:
    case ExceptionType::TRANSACTION:
      return true;
    default:
      return false;
  }
}

}  // namespace

ErrorKind KindOfDuckDbError(const duckdb::ErrorData& error) {
  if (const auto kind = KindThatPassedThrough(error)) return *kind;
  if (IsReadOnly(error)) return ErrorKind::kPermissionDenied;
  if (MayQuoteASource(error.Type())) {
    if (const auto kind = KindOfSourceMessage(error.RawMessage())) return *kind;
  }
  return KindOfType(error);
}

arrow::Status FromDuckDb(const duckdb::ErrorData& error) {
  ErrorKind kind = KindOfDuckDbError(error);
  if (IsReadOnly(error)) {
    return base::MakeError(kind, error.RawMessage(), "\n", kLetWrite);
  }
  switch (error.Type()) {
    case ExceptionType::INTERRUPT:
      return base::MakeError(kind, "the statement was cancelled");
    case ExceptionType::FATAL:
      return base::MakeError(kind, error.RawMessage(),
                             "\nThe database can no longer be used: restart the server. "
                             "What was committed before is kept.");
    case ExceptionType::OUT_OF_MEMORY:
      return base::MakeError(kind, error.RawMessage(),
                             "\nRaise the memory limit, or make the statement smaller.");
    case ExceptionType::INTERNAL:
      return base::MakeError(
          kind, "the database engine failed: ", WithoutStackTrace(error.RawMessage()));
    default:
      return base::MakeStatus(
          kind, error.RawMessage().substr(0, error.RawMessage().rfind(kKindMark)));
  }
}

arrow::Status FromDuckDb(const std::exception& exception) {
  return FromDuckDb(duckdb::ErrorData(exception));
}

duckdb::ErrorData ErrorOfCommit(const arrow::Status& status) {
  if (status.ok()) return {};
  return duckdb::ErrorData(ExceptionType::TRANSACTION,
                           status.message() + kKindMark +
                               std::string(base::ErrorKindName(base::KindOf(status))));
}

void ThrowThroughDuckDb(const arrow::Status& status) {
  const ErrorKind kind = base::KindOf(status);
  throw duckdb::Exception({{kKindKey, std::string(base::ErrorKindName(kind))}},
                          TypeToThrow(kind), status.message());
}

}  // namespace pintail::engine
