#include "engine/error_translation.h"

#include <array>
#include <string>
#include <string_view>

#include "duckdb/common/exception.hpp"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using duckdb::ExceptionType;

std::string_view Extra(const duckdb::ErrorData& error, const char* key) {
  auto found = error.ExtraInfo().find(key);
  return found == error.ExtraInfo().end() ? std::string_view() : found->second;
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

std::string_view WithoutStackTrace(std::string_view message) {
  return message.substr(0, message.find("\n\nStack Trace:"));
}

}  // namespace

ErrorKind KindOfDuckDbError(const duckdb::ErrorData& error) {
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
    case ExceptionType::TRANSACTION:
    case ExceptionType::CONSTRAINT:
    case ExceptionType::DEPENDENCY:
      return ErrorKind::kConflict;
    case ExceptionType::NOT_IMPLEMENTED:
    case ExceptionType::MISSING_EXTENSION:
    case ExceptionType::AUTOLOAD:
      return ErrorKind::kUnimplemented;
    case ExceptionType::IO:
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

arrow::Status FromDuckDb(const duckdb::ErrorData& error) {
  ErrorKind kind = KindOfDuckDbError(error);
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
      return base::MakeStatus(kind, error.RawMessage());
  }
}

arrow::Status FromDuckDb(const std::exception& exception) {
  return FromDuckDb(duckdb::ErrorData(exception));
}

}  // namespace pintail::engine
