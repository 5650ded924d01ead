// Errors as HTTP tells them: the one table from ErrorKind to status code, and the
// refusals that only HTTP knows.
#pragma once

#include <string>
#include <string_view>

#include "arrow/status.h"
#include "base/error.h"

namespace pintail::http {

// 499, which the standard does not list, means that the client went away.
int HttpStatusOf(base::ErrorKind kind);

std::string_view ReasonPhrase(int http_status);

// An error of the protocol itself; `code` is the stable name for the error's body, for
// example "method_not_allowed".
arrow::Status Refusal(int http_status, std::string_view code, std::string message);

struct HttpError {
  int http_status = 500;
  std::string code;
  std::string message;
};

// What a failed status looks like from outside.
HttpError ErrorOf(const arrow::Status& status);

// How an error's body is written.
enum class ErrorStyle : unsigned char {
  kCoded,   // {"error": {"code", "message", "request_id"}}
  kDetail,  // {"detail": "message"}: what the stream bridge's clients read
};

std::string ErrorBody(ErrorStyle style, const HttpError& error,
                      std::string_view request_id);

}  // namespace pintail::http
