#include "flight/put_command.h"

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "flight/json_reader.h"
#include "flight/request_kind.h"
#include "gateway/ingest_mode.h"

namespace pintail::flight {
namespace {

using base::ErrorKind;

arrow::Status WrongValue(std::string_view key, std::string_view expected) {
  return base::MakeError(ErrorKind::kInvalidArgument, "The key '", key,
                         "' of the upload's command must be ", expected);
}

arrow::Result<int64_t> PositiveInteger(std::string_view key, const JsonValue& value) {
  const auto* number = std::get_if<int64_t>(&value);
  if (number == nullptr || *number <= 0) return WrongValue(key, "a whole number above 0");
  return *number;
}

arrow::Result<std::string> Text(std::string_view key, const JsonValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->empty())
    return WrongValue(key, "a text that is not empty");
  return *text;
}

arrow::Result<engine::TableName> Table(std::string_view key, const JsonValue& value) {
  if (const auto* path = std::get_if<std::vector<std::string>>(&value)) {
    return TableOfPath(*path);
  }
  ARROW_ASSIGN_OR_RAISE(const std::string name, Text(key, value));
  return TableOfDottedName(name);
}

arrow::Result<PutName> NameIn(const JsonObject& object) {
  PutName name;
  const auto told = [&](std::string_view key) -> const JsonValue* {
    const auto found = object.find(key);
    if (found == object.end()) return nullptr;
    return std::holds_alternative<std::monostate>(found->second) ? nullptr
                                                                 : &found->second;
  };
  if (const JsonValue* value = told("producer")) {
    ARROW_ASSIGN_OR_RAISE(name.producer, Text("producer", *value));
  }
  if (const JsonValue* value = told("sequence")) {
    const auto* number = std::get_if<int64_t>(value);
    if (number == nullptr || *number < 0) {
      return WrongValue("sequence", "a whole number from 0 to 9223372036854775807");
    }
    name.sequence = *number;
  }
  return name;
}

arrow::Status Apply(std::string_view key, const JsonValue& value,
                    gateway::IngestRequest* request) {
  if (std::holds_alternative<std::monostate>(value)) return arrow::Status::OK();
  if (key == "stream_name") {
    ARROW_ASSIGN_OR_RAISE(request->stream, Text(key, value));
  } else if (key == "target_table" || key == "table") {
    ARROW_ASSIGN_OR_RAISE(request->table, Table(key, value));
  } else if (key == "mode") {
    ARROW_ASSIGN_OR_RAISE(const std::string name, Text(key, value));
    ARROW_ASSIGN_OR_RAISE(request->mode, ParseIngestMode(name));
  } else if (key == "schema_policy") {
    ARROW_ASSIGN_OR_RAISE(const std::string name, Text(key, value));
    ARROW_ASSIGN_OR_RAISE(request->schema_policy, columnar::ParseSchemaPolicy(name));
  } else if (key == "chunk_size") {
    ARROW_ASSIGN_OR_RAISE(request->chunk_rows, PositiveInteger(key, value));
  } else if (key == "commit_rows") {
    ARROW_ASSIGN_OR_RAISE(request->commit_rows, PositiveInteger(key, value));
  } else if (key == "commit_interval_ms") {
    ARROW_ASSIGN_OR_RAISE(const int64_t milliseconds, PositiveInteger(key, value));
    request->commit_interval = std::chrono::milliseconds(milliseconds);
  } else if (key == "transaction_id") {
    ARROW_ASSIGN_OR_RAISE(request->transaction_id, Text(key, value));
  } else if (key == "temporary") {
    const auto* flag = std::get_if<bool>(&value);
    if (flag == nullptr) return WrongValue(key, "true or false");
    request->temporary = *flag;
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<gateway::IngestMode> ParseIngestMode(std::string_view name) {
  if (const auto mode = gateway::FindIngestMode(name)) return *mode;
  return base::MakeError(ErrorKind::kInvalidArgument, "There is no ingest mode '", name,
                         "'; use append, create, replace or create_append");
}

arrow::Result<gateway::IngestRequest> ParsePutCommand(std::string_view json,
                                                      const columnar::Limits& limits,
                                                      const PutName& in_headers) {
  gateway::IngestRequest request;
  request.stream = "default";
  ARROW_ASSIGN_OR_RAISE(const JsonObject object,
                        ReadJsonObject(json, limits.max_nesting));
  for (const auto& [key, value] : object) {
    ARROW_RETURN_NOT_OK(Apply(key, value, &request));
  }
  ARROW_ASSIGN_OR_RAISE(const PutName name, NameIn(object));
  ARROW_ASSIGN_OR_RAISE(request.key, KeyOfPut(name, in_headers));
  return request;
}

}  // namespace pintail::flight
