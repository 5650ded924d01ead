#include "flight/json_reader.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/json_string.h"
#include "simdjson.h"

namespace pintail::flight {
namespace {

using base::ErrorKind;

constexpr size_t kMaxBytes = size_t{1} << 20;

arrow::Status Refused(std::string_view why) {
  return base::MakeError(ErrorKind::kInvalidArgument, "The JSON cannot be read: ", why);
}

JsonValue ValueOfList(simdjson::dom::array list) {
  std::vector<std::string> texts;
  for (simdjson::dom::element element : list) {
    std::string_view text;
    if (element.get_string().get(text) != simdjson::SUCCESS) return JsonOther{};
    texts.emplace_back(text);
  }
  return texts;
}

JsonValue ValueOf(simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      return std::monostate();
    case simdjson::dom::element_type::BOOL:
      return bool(element);
    case simdjson::dom::element_type::INT64:
      return int64_t(element);
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      return double(element);
    case simdjson::dom::element_type::STRING:
      return std::string(std::string_view(element));
    case simdjson::dom::element_type::ARRAY:
      return ValueOfList(element);
    default:
      return JsonOther{};
  }
}

}  // namespace

arrow::Result<JsonObject> ReadJsonObject(std::string_view json, int max_nesting) {
  if (json.size() > kMaxBytes) return Refused("it is longer than 1 MiB");
  simdjson::dom::parser parser;
  if (parser.allocate(json.size() + 1, static_cast<size_t>(std::max(max_nesting, 1))) !=
      simdjson::SUCCESS) {
    return Refused("there is not enough memory");
  }
  simdjson::dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    return Refused(simdjson::error_message(error));
  }
  simdjson::dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    return Refused("it is not an object");
  }
  JsonObject result;
  for (const auto& field : object) {
    result.emplace(std::string(field.key), ValueOf(field.value));
  }
  return result;
}

std::string JsonText(std::string_view text) {
  std::string quoted;
  base::AppendJsonString(text, &quoted);
  return quoted;
}

}  // namespace pintail::flight
