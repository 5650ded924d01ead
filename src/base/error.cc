#include "base/error.h"

#include <array>
#include <memory>

namespace pintail::base {
namespace {

constexpr char kDetailTypeId[] = "pintail::base::ErrorKind";

constexpr std::array<std::string_view, kErrorKindCount> kNames = {
    "not_found",         "already_exists",    "invalid_sql",        "invalid_argument",
    "unauthenticated",   "permission_denied", "conflict",           "unavailable",
    "deadline_exceeded", "cancelled",         "resource_exhausted", "unimplemented",
    "internal"};

class KindDetail : public arrow::StatusDetail {
 public:
  explicit KindDetail(ErrorKind kind) : kind_(kind) {}
  const char* type_id() const override { return kDetailTypeId; }
  std::string ToString() const override { return std::string(ErrorKindName(kind_)); }
  ErrorKind kind() const { return kind_; }

 private:
  const ErrorKind kind_;
};

// Arrow's own code for a kind, so that code which only knows Arrow still reacts sensibly.
arrow::StatusCode CodeFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return arrow::StatusCode::KeyError;
    case ErrorKind::kAlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    case ErrorKind::kInvalidSql:
    case ErrorKind::kInvalidArgument:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kDeadlineExceeded:
    case ErrorKind::kCancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorKind::kResourceExhausted:
      return arrow::StatusCode::CapacityError;
    case ErrorKind::kUnimplemented:
      return arrow::StatusCode::NotImplemented;
    case ErrorKind::kUnavailable:
      return arrow::StatusCode::IOError;
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kPermissionDenied:
    case ErrorKind::kConflict:
    case ErrorKind::kInternal:
      return arrow::StatusCode::UnknownError;
  }
  return arrow::StatusCode::UnknownError;
}

}  // namespace

std::string_view ErrorKindName(ErrorKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

arrow::Status MakeStatus(ErrorKind kind, std::string message) {
  return arrow::Status(CodeFor(kind), std::move(message),
                       std::make_shared<KindDetail>(kind));
}

bool HasKind(const arrow::Status& status) {
  return status.detail() != nullptr &&
         std::string_view(status.detail()->type_id()) == kDetailTypeId;
}

ErrorKind KindOf(const arrow::Status& status) {
  if (HasKind(status)) {
    return static_cast<const KindDetail&>(*status.detail()).kind();
  }
  switch (status.code()) {
    case arrow::StatusCode::KeyError:
      return ErrorKind::kNotFound;
    case arrow::StatusCode::AlreadyExists:
      return ErrorKind::kAlreadyExists;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::SerializationError:
      return ErrorKind::kInvalidArgument;
    case arrow::StatusCode::Cancelled:
      return ErrorKind::kCancelled;
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return ErrorKind::kResourceExhausted;
    case arrow::StatusCode::NotImplemented:
      return ErrorKind::kUnimplemented;
    default:
      return ErrorKind::kInternal;
  }
}

arrow::Status WithContext(const arrow::Status& status, std::string_view context) {
  return status.WithMessage(context, ": ", status.message());
}

}  // namespace pintail::base
