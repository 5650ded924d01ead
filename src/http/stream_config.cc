#include "http/stream_config.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "gateway/gateway.h"
#include "http/json_fault.h"
#include "http/json_text.h"

namespace pintail::http {
namespace {

using simdjson::dom::element;
using Place = std::vector<std::string>;

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxEcho = 2'048;
constexpr int64_t kMaxZstdLevel = 22;
constexpr int64_t kMaxLz4Level = 12;

std::string Json(element value) { return InputEcho(simdjson::minify(value)); }

class ConfigReader {
 public:
  ConfigReader(element config, std::vector<FieldError>* errors)
      : config_(config), errors_(errors) {}

  StreamConfig Read() {
    StreamConfig config{.target_table = ReadTargetTable()};
    ReadStorageBackend();
    config.chunk_size = ReadChunkSize();
    ReadCompression();
    return config;
  }

 private:
  // The last member of this name, as Python's JSON reader has it.
  std::optional<element> Find(element object, std::string_view name) const {
    std::optional<element> found;
    for (const auto member : object.get_object().value_unsafe()) {
      if (member.key == name) found = member.value;
    }
    return found;
  }

  void Add(std::string type, Place place, std::string message, element input,
           std::string context = "") {
    place.insert(place.begin(), "config");
    errors_->push_back({.type = std::move(type),
                        .place = std::move(place),
                        .message = std::move(message),
                        .input = Json(input),
                        .context = std::move(context)});
  }

  std::string ReadTargetTable() {
    const auto value = Find(config_, "target_table");
    if (!value) {
      Add("missing", {"target_table"}, "Field required", config_);
    } else if (!value->is_string()) {
      Add("string_type", {"target_table"}, "Input should be a valid string", *value);
    } else {
      return std::string(value->get_string().value_unsafe());
    }
    return "";
  }

  void ReadStorageBackend() {
    const auto value = Find(config_, "storage_backend");
    if (!value || value->is_null()) return;
    if (!value->is_string()) {
      Add("string_type", {"storage_backend"}, "Input should be a valid string", *value);
    } else if (value->get_string().value_unsafe() != "duckdb") {
      Add("literal_error", {"storage_backend"}, "Input should be 'duckdb'", *value,
          R"({"expected":"'duckdb'"})");
    }
  }

  std::optional<int64_t> ReadChunkSize() {
    const auto value = Find(config_, "chunk_size");
    if (!value || value->is_null()) return std::nullopt;
    const auto number = ReadInteger({"chunk_size"}, *value);
    if (number && *number <= 0) {
      Add("greater_than", {"chunk_size"}, "Input should be greater than 0", *value,
          R"({"gt":0})");
    }
    if (number && *number > gateway::kMaxChunkRows) {
      const std::string most = std::to_string(gateway::kMaxChunkRows);
      Add("less_than_equal", {"chunk_size"},
          "Input should be less than or equal to " + most, *value,
          "{\"le\":" + most + "}");
    }
    return number;
  }

  // Whole numbers, also as a float or in a string.
  std::optional<int64_t> ReadInteger(const Place& place, element value) {
    if (value.is_int64()) return value.get_int64().value_unsafe();
    if (value.is_bool()) return value.get_bool().value_unsafe() ? 1 : 0;
    if (value.is_double()) {
      const double number = value.get_double().value_unsafe();
      if (number == std::floor(number) && std::abs(number) < 9e18) {
        return static_cast<int64_t>(number);
      }
      Add("int_from_float", place,
          "Input should be a valid integer, got a number with a fractional part", value);
      return std::nullopt;
    }
    if (value.is_string()) {
      const std::string_view text = value.get_string().value_unsafe();
      int64_t number = 0;
      const auto [end, failed] =
          std::from_chars(text.data(), text.data() + text.size(), number);
      if (failed == std::errc() && end == text.data() + text.size()) return number;
      Add("int_parsing", place,
          "Input should be a valid integer, unable to parse string as an integer", value);
      return std::nullopt;
    }
    Add("int_type", place, "Input should be a valid integer", value);
    return std::nullopt;
  }

  void ReadCompression() {
    const auto value = Find(config_, "compression");
    if (!value || value->is_null()) return;
    if (!value->is_object()) {
      Add("dict_type", {"compression"}, "Input should be a valid dictionary", *value);
      return;
    }
    const auto refuse = [&](const std::string& why) {
      Add("value_error", {"compression"}, "Value error, " + why, *value,
          R"({"error":{}})");
    };
    const auto algorithm = Find(*value, "algorithm");
    const bool zstd = algorithm && algorithm->is_string() &&
                      algorithm->get_string().value_unsafe() == "zstd";
    const bool lz4 = algorithm && algorithm->is_string() &&
                     algorithm->get_string().value_unsafe() == "lz4";
    if (!zstd && !lz4) {
      refuse("Compression algorithm must be either 'zstd' or 'lz4'");
      return;
    }
    const auto level_value = Find(*value, "level");
    if (!level_value) return;
    const auto level = ReadInteger({"compression", "level"}, *level_value);
    const int64_t highest = zstd ? kMaxZstdLevel : kMaxLz4Level;
    if (level && (*level < 1 || *level > highest)) {
      refuse(std::string(zstd ? "ZSTD" : "LZ4") +
             " compression level must be between 1 and " + std::to_string(highest));
    }
  }

  const element config_;
  std::vector<FieldError>* const errors_;
};

}  // namespace

std::string InputEcho(std::string_view json) {
  if (json.size() <= kMaxEcho) return std::string(json);
  return JsonQuote("(" + std::to_string(json.size()) + " bytes of JSON)");
}

StreamConfig ReadStreamConfig(std::string_view json, std::vector<FieldError>* errors) {
  simdjson::dom::parser parser;
  element config;
  auto code = parser.allocate(json.size(), kMaxDepth);
  if (code == simdjson::SUCCESS) {
    code = parser.parse(json.data(), json.size(), /*realloc_if_needed=*/true).get(config);
  }
  if (code != simdjson::SUCCESS) {
    errors->push_back({.type = "json_invalid",
                       .place = {"config"},
                       .message = "JSON decode error",
                       .input = "{}",
                       .context = "{\"error\":" + JsonQuote(JsonFault(code)) + "}"});
    return {};
  }
  return ConfigReader(config, errors).Read();
}

}  // namespace pintail::http
