// What a handler writes its answer to.
#pragma once

#include <string>
#include <string_view>

#include "arrow/io/type_fwd.h"
#include "arrow/status.h"

namespace pintail::http {

// Status and header fields may be set until the head has been sent, which happens by
// itself once more has been written than is kept back. One thread at a time.
class Response {
 public:
  virtual ~Response() = default;
  virtual void SetStatus(int http_status) = 0;
  // Replaces a field of the same name. Control characters in the value become spaces.
  virtual void SetHeader(std::string_view name, std::string_view value) = 0;
  // The body. Writing waits while the client takes no more, and fails once the call is
  // cancelled.
  virtual arrow::io::OutputStream* body() = 0;
  // The head has been sent: status and fields are fixed, an error can only cut the body.
  virtual bool committed() const = 0;

  // A whole answer of this media type.
  arrow::Status Send(int http_status, std::string_view media_type, std::string_view text);
  arrow::Status SendJson(int http_status, std::string_view json) {
    return Send(http_status, "application/json", json);
  }
};

}  // namespace pintail::http
