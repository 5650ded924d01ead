// Reads the small JSON objects that clients put into descriptors, tickets and actions.
// Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arrow/result.h"

namespace pintail::flight {

// A value that Pintail has no use for (an object, a mixed list) without its content.
struct JsonOther {};

// monostate is null. A list is kept when it is one of texts.
using JsonValue = std::variant<std::monostate, bool, int64_t, double, std::string,
                               std::vector<std::string>, JsonOther>;
using JsonObject = std::map<std::string, JsonValue, std::less<>>;

// InvalidArgument for what is not one JSON object, is longer than 1 MiB, or nests deeper
// than `max_nesting`. Of a key given twice the first counts.
arrow::Result<JsonObject> ReadJsonObject(std::string_view json, int max_nesting);

// A JSON text with its quotes.
std::string JsonText(std::string_view text);

}  // namespace pintail::flight
