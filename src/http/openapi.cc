#include "http/openapi.h"

#include <map>
#include <vector>

#include "base/lower_case.h"
#include "http/json_text.h"

namespace pintail::http {
namespace {

// Shapes that more than one operation names, and the fields that every operation takes.
constexpr std::string_view kComponents = R"({
"parameters": {
  "Session": {"name": "Pintail-Session", "in": "header", "schema": {"type": "string",
    "pattern": "^[A-Za-z0-9._-]{1,128}$"}, "description": "A session of this name is made or
 gone on with: its settings, temporary tables and transaction. Without it every request has
 its own."},
  "RequestId": {"name": "X-Request-Id", "in": "header", "schema": {"type": "string"},
    "description": "Taken over into the answer, logs and errors"},
  "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "schema": {"type":
    "string", "minLength": 1, "maxLength": 1024}, "description": "Names this upload within
 its table. Sent again with the same key it is acknowledged, and not applied again"}
},
"responses": {
  "Error": {"description": "Refused or failed", "content": {"application/json": {"schema":
    {"$ref": "#/components/schemas/Error"}, "example": {"error": {"code": "invalid_sql",
    "message": "…", "request_id": "4f1d2c3b5a697887"}}}}}
},
"schemas": {
  "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type":
    "object", "required": ["code", "message", "request_id"], "properties": {
      "code": {"type": "string", "description": "Stable; for programs"},
      "message": {"type": "string", "description": "For people; may change"},
      "request_id": {"type": "string"}}}}},
  "Detail": {"type": "object", "required": ["detail"], "properties": {"detail": {"type":
    "string"}}},
  "ValidationErrors": {"type": "object", "required": ["detail"], "properties": {"detail":
    {"type": "array", "items": {"type": "object", "required": ["type", "loc", "msg",
    "input"], "properties": {"type": {"type": "string"}, "loc": {"type": "array", "items":
    {"type": ["string", "integer"]}}, "msg": {"type": "string"}, "input": {}, "ctx":
    {"type": "object"}}}}}},
  "Query": {"type": "object", "required": ["sql"], "additionalProperties": false,
    "properties": {"sql": {"type": "string"}, "parameters": {"description": "Values by
 position, or by name", "type": ["array", "object", "null"]}, "timeout_ms": {"type":
    ["integer", "null"], "minimum": 1}}},
  "RowsChanged": {"type": "object", "required": ["rows_changed"], "properties":
    {"rows_changed": {"type": ["integer", "null"]}}},
  "IngestResult": {"type": "object", "required": ["table", "rows", "commits"],
    "properties": {"table": {"type": "string"}, "schema": {"type": "string"}, "catalog":
    {"type": "string"}, "rows": {"type": "integer"}, "commits": {"type": "integer"},
    "repeated": {"type": "boolean", "description": "By its Idempotency-Key the upload was
 known: it was applied before, with so many rows, and now nothing was. Absent else"}}},
  "StreamBatch": {"type": "object", "required": ["config", "batch"], "properties": {
    "config": {"type": "object", "required": ["target_table"], "properties": {
      "target_table": {"type": "string"}, "storage_backend": {"enum": ["duckdb", null]},
      "chunk_size": {"type": "integer", "exclusiveMinimum": 0, "maximum": 100000000},
      "compression": {"type": ["object", "null"], "properties": {"algorithm": {"enum":
      ["zstd", "lz4"]}, "level": {"type": "integer"}}}}},
    "batch": {"type": "object", "required": ["arrow_schema", "data"], "properties": {
      "arrow_schema": {"type": "string", "contentEncoding": "base64"},
      "data": {"type": "string", "contentEncoding": "base64", "contentMediaType":
      "application/vnd.apache.arrow.stream"}}}}},
  "StreamResult": {"type": "object", "required": ["status", "stream", "rows_processed",
    "storage_backend", "message"], "properties": {"status": {"const": "success"}, "stream":
    {"type": "string"}, "rows_processed": {"type": "integer"}, "storage_backend": {"type":
    "string"}, "message": {"type": "string"}, "repeated": {"type": "boolean"}}},
  "Table": {"type": "object", "required": ["catalog", "schema", "name", "type"],
    "properties": {"catalog": {"type": "string"}, "schema": {"type": "string"}, "name":
    {"type": "string"}, "type": {"type": "string"}, "remarks": {"type": ["string", "null"]},
    "estimated_rows": {"type": ["integer", "null"]}}},
  "Source": {"type": "object", "required": ["name", "type", "connection", "state"],
    "properties": {"name": {"type": "string"}, "type": {"type": "string"}, "connection":
    {"type": "string"}, "username": {"type": ["string", "null"]}, "origin": {"type":
    "string"}, "declared": {"type": "boolean", "description": "Of the configuration, which
 alone can change it"}, "is_default": {"type": "boolean"}, "read_only": {"type":
    "boolean"}, "state": {"enum": ["up", "down", "unknown"]}, "since": {"type": "string"},
    "last_error": {"type": ["string", "null"]}, "default_schema": {"type": ["string",
    "null"]}, "pool_min": {"type": "integer"}, "pool_max": {"type": "integer"},
    "attempts": {"type": "integer"}, "failures": {"type": "integer"}}},
  "SourceDefinition": {"type": "object", "description": "The keys of CREATE SOURCE",
    "properties": {"name": {"type": "string"}, "type": {"enum": ["postgres", "mysql",
    "sqlite", "duckdb", "motherduck", "adbc", "redis"]}, "connection": {"type": "string"},
    "username": {"type": "string"}, "password": {"type": "string", "writeOnly": true},
    "options": {"type": "object", "additionalProperties": {"type": ["string", "integer",
    "boolean"]}}}, "additionalProperties": {"type": ["string", "integer", "boolean"]}},
  "TableWithColumns": {"allOf": [{"$ref": "#/components/schemas/Table"}, {"type": "object",
    "required": ["columns"], "properties": {"columns": {"type": "array", "items": {"type":
    "object", "required": ["name", "type", "arrow_type", "nullable", "remarks"],
    "properties": {"name": {"type": "string"}, "type": {"type": ["string", "null"]},
    "arrow_type": {"type": "string"}, "nullable": {"type": "boolean"}, "remarks": {"type":
    ["string", "null"]}}}}}}]}
}})";

std::string PathParameters(std::string_view pattern) {
  std::string parameters;
  while (true) {
    const size_t begin = pattern.find('{');
    if (begin == std::string_view::npos) return parameters;
    const size_t end = pattern.find('}', begin);
    if (!parameters.empty()) parameters += ",";
    parameters += "{\"name\":" + JsonQuote(pattern.substr(begin + 1, end - begin - 1)) +
                  ",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}";
    pattern.remove_prefix(end);
  }
}

std::string OperationJson(const Route& route) {
  const Operation& operation = route.operation;
  std::string json = "{\"operationId\":" + JsonQuote(operation.id) + ",\"tags\":[" +
                     JsonQuote(operation.tag) +
                     "],\"summary\":" + JsonQuote(operation.summary);
  if (!operation.description.empty()) {
    json += ",\"description\":" + JsonQuote(operation.description);
  }
  std::string parameters = PathParameters(route.pattern);
  if (!parameters.empty() && !operation.parameters.empty()) parameters += ",";
  parameters += operation.parameters;
  if (!parameters.empty()) json += ",\"parameters\":[" + parameters + "]";
  if (!operation.request_body.empty())
    json += ",\"requestBody\":" + operation.request_body;
  return json + ",\"responses\":{" + operation.responses + "}}";
}

// Raw literals are broken to keep lines short, also inside JSON strings: a break there
// stands for nothing, since the next line begins with a space.
std::string JoinLines(std::string_view text) {
  std::string joined(text);
  std::erase(joined, '\n');
  return joined;
}

}  // namespace

std::string OpenApiDocument(const RouteTable& routes, std::string_view version) {
  std::vector<std::string_view> patterns;  // in the routes' order, each once
  std::map<std::string_view, std::string> operations;
  for (const Route& route : routes.routes()) {
    if (route.hidden) continue;
    std::string& path = operations[route.pattern];
    if (path.empty()) patterns.push_back(route.pattern);
    if (!path.empty()) path += ",";
    path += "\"" + base::LowerCase(route.method) + "\":" + OperationJson(route);
  }
  std::string json =
      "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Pintail\",\"description\":\"Arrow "
      "in, SQL "
      "out: the REST door.\",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":"
      "\"Apache-2.0\"},\"version\":" +
      JsonQuote(version.empty() ? "unknown" : version) + "},\"paths\":{";
  for (const std::string_view pattern : patterns) {
    if (json.back() != '{') json += ",";
    json += JsonQuote(pattern) + ":{" + operations[pattern] + "}";
  }
  json += "},\"components\":";
  json += kComponents;
  return JoinLines(json + "}");
}

}  // namespace pintail::http
