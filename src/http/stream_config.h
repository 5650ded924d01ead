// The "config" of a stream bridge request: a small object, checked field by field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/stream_document.h"

namespace pintail::http {

// Reads the members of the JSON text of an object. Adds to `errors` what is wrong.
StreamConfig ReadStreamConfig(std::string_view json, std::vector<FieldError>* errors);

// JSON text for an error's "input": as it is when short, else a note of its length.
std::string InputEcho(std::string_view json);

}  // namespace pintail::http
