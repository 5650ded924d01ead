#include "http/status.h"

#include <memory>

#include "http/json_text.h"

namespace pintail::http {
namespace {

constexpr char kRefusalTypeId[] = "pintail::http::Refusal";

class RefusalDetail final : public arrow::StatusDetail {
 public:
  RefusalDetail(int http_status, std::string_view code)
      : http_status_(http_status), code_(code) {}
  const char* type_id() const override { return kRefusalTypeId; }
  std::string ToString() const override { return code_; }
  int http_status() const { return http_status_; }
  const std::string& code() const { return code_; }

 private:
  const int http_status_;
  const std::string code_;
};

}  // namespace

int HttpStatusOf(base::ErrorKind kind) {
  using base::ErrorKind;
  switch (kind) {
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kInvalidSql:
    case ErrorKind::kInvalidArgument:
      return 400;
    case ErrorKind::kUnauthenticated:
      return 401;
    case ErrorKind::kPermissionDenied:
      return 403;
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kDeadlineExceeded:
      return 504;
    case ErrorKind::kCancelled:
      return 499;
    case ErrorKind::kResourceExhausted:
      return 429;
    case ErrorKind::kUnimplemented:
      return 501;
    case ErrorKind::kInternal:
      return 500;
  }
  return 500;
}

std::string_view ReasonPhrase(int http_status) {
  switch (http_status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 417:
      return "Expectation Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

arrow::Status Refusal(int http_status, std::string_view code, std::string message) {
  return arrow::Status(arrow::StatusCode::Invalid, std::move(message),
                       std::make_shared<RefusalDetail>(http_status, code));
}

HttpError ErrorOf(const arrow::Status& status) {
  if (status.detail() && std::string_view(status.detail()->type_id()) == kRefusalTypeId) {
    const auto& refusal = static_cast<const RefusalDetail&>(*status.detail());
    return {refusal.http_status(), refusal.code(), status.message()};
  }
  const base::ErrorKind kind = base::KindOf(status);
  return {HttpStatusOf(kind), std::string(base::ErrorKindName(kind)), status.message()};
}

std::string ErrorBody(ErrorStyle style, const HttpError& error,
                      std::string_view request_id) {
  if (style == ErrorStyle::kDetail) {
    return "{\"detail\":" + JsonQuote(error.message) + "}";
  }
  return "{\"error\":{\"code\":" + JsonQuote(error.code) +
         ",\"message\":" + JsonQuote(error.message) +
         ",\"request_id\":" + JsonQuote(request_id) + "}}\n";
}

}  // namespace pintail::http
