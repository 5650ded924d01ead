#include "http/stream_document.h"

#include <simdjson.h>

#include "arrow/buffer.h"
#include "http/json_fault.h"
#include "http/json_text.h"
#include "http/stream_config.h"

namespace pintail::http {
namespace {

namespace ondemand = simdjson::ondemand;
using Errors = std::vector<FieldError>;

void AddMissing(Errors* errors, std::vector<std::string> place,
                std::string input = "null") {
  errors->push_back({.type = "missing",
                     .place = std::move(place),
                     .message = "Field required",
                     .input = std::move(input)});
}

void AddNotAnObject(Errors* errors, std::string name, std::string_view json) {
  errors->push_back(
      {.type = "model_attributes_type",
       .place = {std::move(name)},
       .message = "Input should be a valid dictionary or object to extract fields from",
       .input = InputEcho(json)});
}

FieldError InvalidJson(simdjson::error_code code) {
  return {.type = "json_invalid",
          .place = {"0"},
          .message = "JSON decode error",
          .input = "{}",
          .context = "{\"error\":" + JsonQuote(JsonFault(code)) + "}"};
}

// Walks over the document once. A member's long strings are borrowed, never copied; what
// is not asked for is stepped over.
class DocumentReader {
 public:
  simdjson::error_code Read(ondemand::document& document) {
    ondemand::object root;
    ondemand::json_type type;
    if (const auto code = document.type().get(type)) return code;
    if (type != ondemand::json_type::object) return simdjson::SUCCESS;  // all is missing
    if (const auto code = document.get_object().get(root)) return code;
    for (auto field : root) {
      std::string_view key;
      if (const auto code = field.unescaped_key().get(key)) return code;
      const bool config = key == "config";
      const bool batch = key == "batch";
      if (!config && !batch) continue;
      ondemand::value value = field.value();
      if (const auto code = config ? ReadConfig(value) : ReadBatch(value)) return code;
    }
    return document.at_end() ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
  }

  // In the order of the model's fields, whatever the order in the text.
  Errors TakeErrors() {
    Errors errors = std::move(config_errors_);
    if (!has_config_) AddMissing(&errors, {"config"});
    if (!has_batch_) AddMissing(&errors, {"batch"});
    for (FieldError& error : batch_errors_) errors.push_back(std::move(error));
    return errors;
  }
  StreamDocument TakeDocument() { return std::move(result_); }

 private:
  simdjson::error_code ReadConfig(ondemand::value value) {
    ondemand::json_type type;
    if (const auto code = value.type().get(type)) return code;
    config_errors_.clear();
    has_config_ = type != ondemand::json_type::null;
    std::string_view json;
    if (const auto code = value.raw_json().get(json)) return code;
    if (type == ondemand::json_type::object) {
      result_.config = ReadStreamConfig(json, &config_errors_);
    } else if (has_config_) {
      AddNotAnObject(&config_errors_, "config", json);
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code ReadBatch(ondemand::value value) {
    ondemand::json_type type;
    if (const auto code = value.type().get(type)) return code;
    batch_errors_.clear();
    has_batch_ = type != ondemand::json_type::null;
    if (type != ondemand::json_type::object) {
      std::string_view json;
      if (const auto code = value.raw_json().get(json)) return code;
      if (has_batch_) AddNotAnObject(&batch_errors_, "batch", json);
      return simdjson::SUCCESS;
    }
    ondemand::object batch;
    std::string_view json;
    if (const auto code = value.get_object().get(batch)) return code;
    if (const auto code = batch.raw_json().get(json)) return code;
    if (const auto code = batch.reset().error()) return code;
    return ReadBatchFields(batch, json);
  }

  simdjson::error_code ReadBatchFields(ondemand::object batch, std::string_view json) {
    bool has_schema = false;
    bool has_data = false;
    for (auto field : batch) {
      std::string_view key;
      if (const auto code = field.unescaped_key().get(key)) return code;
      const bool schema = key == "arrow_schema";
      const bool data = key == "data";
      if (!schema && !data) continue;
      (schema ? has_schema : has_data) = true;
      const auto code = ReadText(field.value(), schema ? "arrow_schema" : "data",
                                 schema ? &result_.arrow_schema : &result_.data);
      if (code) return code;
    }
    if (!has_schema)
      AddMissing(&batch_errors_, {"batch", "arrow_schema"}, InputEcho(json));
    if (!has_data) AddMissing(&batch_errors_, {"batch", "data"}, InputEcho(json));
    return simdjson::SUCCESS;
  }

  simdjson::error_code ReadText(ondemand::value value, const char* name,
                                std::string_view* text) {
    std::string_view token = value.raw_json_token();
    while (!token.empty() && (token.back() == ' ' || token.back() == '\n' ||
                              token.back() == '\r' || token.back() == '\t')) {
      token.remove_suffix(1);
    }
    if (!token.starts_with('"')) {
      std::string_view json;
      if (const auto code = value.raw_json().get(json)) return code;
      batch_errors_.push_back({.type = "string_type",
                               .place = {"batch", name},
                               .message = "Input should be a valid string",
                               .input = InputEcho(json)});
      return simdjson::SUCCESS;
    }
    if (token.find('\\') == std::string_view::npos) {
      *text = token.substr(1, token.size() - 2);
      return simdjson::SUCCESS;
    }
    // Some writers escape the slashes of base64.
    std::string_view unescaped;
    if (const auto code = value.get_string().get(unescaped)) return code;
    result_.unescaped.reserve(4);  // the views must not move
    if (result_.unescaped.size() == 4) return simdjson::CAPACITY;
    *text = result_.unescaped.emplace_back(unescaped);
    return simdjson::SUCCESS;
  }

  StreamDocument result_;
  Errors config_errors_;
  Errors batch_errors_;
  bool has_config_ = false;
  bool has_batch_ = false;
};

}  // namespace

std::variant<StreamDocument, Errors> ParseStreamDocument(const Document& document) {
  if (document.size == 0) {
    Errors errors;
    AddMissing(&errors, {"config"});
    AddMissing(&errors, {"batch"});
    return errors;
  }
  ondemand::parser parser;
  ondemand::document json;
  const auto* bytes = reinterpret_cast<const char*>(document.buffer->data());
  auto code = parser
                  .iterate(simdjson::padded_string_view(
                      bytes, document.size, document.size + simdjson::SIMDJSON_PADDING))
                  .get(json);
  DocumentReader reader;
  if (code == simdjson::SUCCESS) code = reader.Read(json);
  if (code != simdjson::SUCCESS) return Errors(1, InvalidJson(code));
  Errors errors = reader.TakeErrors();
  if (!errors.empty()) return errors;
  return reader.TakeDocument();
}

std::string DetailBody(const Errors& errors) {
  std::string body = "{\"detail\":[";
  for (const FieldError& error : errors) {
    if (body.back() != '[') body += ",";
    body += "{\"type\":" + JsonQuote(error.type) + ",\"loc\":[\"body\"";
    const bool position = error.type == "json_invalid" && error.place.front() == "0";
    for (const std::string& step : error.place) {
      body += "," + (position ? step : JsonQuote(step));
    }
    body += "],\"msg\":" + JsonQuote(error.message) + ",\"input\":" + error.input;
    if (!error.context.empty()) body += ",\"ctx\":" + error.context;
    body += "}";
  }
  return body + "]}";
}

}  // namespace pintail::http
