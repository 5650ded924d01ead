// The JSON body of POST /stream/{name}, checked as the older program's models check it:
// the same error types, places and messages, which its clients read. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/request.h"

namespace pintail::http {

// One entry of a 422 answer's "detail".
struct FieldError {
  std::string type;                // "missing", "string_type", …
  std::vector<std::string> place;  // below "body"
  std::string message;
  std::string input = "null";  // JSON
  std::string context;         // a JSON object, or empty
};

// What of a request's "config" has an effect.
struct StreamConfig {
  std::string target_table;
  std::optional<int64_t> chunk_size;  // rows put into the table at a time
};

struct StreamDocument {
  StreamConfig config;
  // Base64 text, borrowed from the document unless it had to be unescaped.
  std::string_view arrow_schema;
  std::string_view data;
  std::vector<std::string> unescaped;  // what the views then point into
};

// Everything that is wrong with the body, or its contents.
std::variant<StreamDocument, std::vector<FieldError>> ParseStreamDocument(
    const Document& document);

// {"detail": [{"type", "loc", "msg", "input"}, …]}
std::string DetailBody(const std::vector<FieldError>& errors);

}  // namespace pintail::http
