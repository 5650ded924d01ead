// JSON, written. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/json_string.h"

namespace pintail::http {

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
inline std::string JsonQuote(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  base::AppendJsonString(text, &quoted);
  return quoted;
}

}  // namespace pintail::http
