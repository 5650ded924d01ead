// One request as a handler sees it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arrow/io/type_fwd.h"
#include "arrow/result.h"
#include "gateway/gateway.h"
#include "http/document_budget.h"
#include "http/head.h"

namespace pintail::http {

// Borrowed parts live as long as the handler runs.
struct Request {
  const RequestHead& head;
  const Target& target;
  const std::map<std::string, std::string>&
      path_values;  // of the route's {name}s, decoded
  // The body as sent: a Content-Encoding is not yet undone. Never null.
  std::shared_ptr<arrow::io::InputStream> body;
  gateway::CallPtr call;

  // A query parameter, or nothing.
  std::optional<std::string> QueryValue(const std::string& name) const;
  // The media type of the body without its parameters, in lower case; empty when not
  // told.
  std::string MediaType() const;
};

// The gateway's key of an upload whose client names it in the field Idempotency-Key;
// empty when it does not. InvalidArgument for an empty one, or several.
arrow::Result<std::string> PutKeyOf(const Request& request);

// The session that the client's Pintail-Session field names, or one for this request
// only.
arrow::Result<gateway::SessionPtr> SessionOf(const Request& request,
                                             gateway::Gateway& gateway);

// The body with its Content-Encoding undone, within the limits. 415 for an unknown one.
arrow::Result<std::shared_ptr<arrow::io::InputStream>> DecodedBody(
    const Request& request, const columnar::Limits& limits);

// The whole decoded body, with `padding` zero bytes that are not part of it behind it
// (`size` is without them). 413 past `max_bytes`. Its memory is taken from `memory` as
// the body comes; what it is turned into is for the caller to take.
struct Document {
  std::shared_ptr<arrow::Buffer> buffer;
  size_t size = 0;
  std::string_view text() const;
};
arrow::Result<Document> ReadDocument(const Request& request,
                                     const columnar::Limits& limits, int64_t max_bytes,
                                     size_t padding, DocumentBudget::Share& memory);

}  // namespace pintail::http
