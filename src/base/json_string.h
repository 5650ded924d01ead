// JSON string literals, for everything that writes JSON by hand (logs, result rows).
// Pure functions, callable from any thread.
#pragma once

#include <string>
#include <string_view>

namespace pintail::base {

// Appends `text` as a JSON string literal, quotes included. Bytes that are not valid
// UTF-8 become U+FFFD, so that the result is always valid JSON.
void AppendJsonString(std::string_view text, std::string* out);

// The same for text that is known to be valid UTF-8: it is only escaped.
void AppendJsonStringOfUtf8(std::string_view text, std::string* out);

}  // namespace pintail::base
