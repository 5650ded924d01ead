#include "http/query_document.h"

#include <simdjson.h>

#include <algorithm>

#include "arrow/util/byte_size.h"
#include "http/json_fault.h"
#include "http/json_values.h"

namespace pintail::http {
namespace {

using base::ErrorKind;
using simdjson::dom::element;

arrow::Status Bad(auto&&... parts) {
  return base::MakeError(ErrorKind::kInvalidArgument, parts...);
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ParametersOf(element value) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  const auto add = [&](std::string name, element item) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto column, ArrayOfJson(item, "parameter \"" + name + "\""));
    fields.push_back(arrow::field(std::move(name), column->type()));
    columns.push_back(std::move(column));
    return arrow::Status::OK();
  };
  if (value.is_null()) return nullptr;
  if (value.is_array()) {
    for (const element item : value.get_array().value_unsafe()) {
      ARROW_RETURN_NOT_OK(add(std::to_string(fields.size() + 1), item));
    }
  } else if (value.is_object()) {
    for (const auto member : value.get_object().value_unsafe()) {
      ARROW_RETURN_NOT_OK(add(std::string(member.key), member.value));
    }
  } else {
    return Bad("\"parameters\" must be a list (by position) or an object (by name)");
  }
  if (fields.empty()) return nullptr;
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1,
                                  std::move(columns));
}

arrow::Status ReadMember(std::string_view key, element value, QueryDocument* query) {
  if (key == "sql") {
    if (!value.is_string()) return Bad("\"sql\" must be a string");
    query->sql = std::string(value.get_string().value_unsafe());
  } else if (key == "parameters") {
    ARROW_ASSIGN_OR_RAISE(query->parameters, ParametersOf(value));
  } else if (key == "timeout_ms") {
    if (value.is_null()) return arrow::Status::OK();
    int64_t timeout_ms = 0;
    if (value.get_int64().get(timeout_ms) != simdjson::SUCCESS || timeout_ms <= 0) {
      return Bad("\"timeout_ms\" must be a whole number of milliseconds above 0");
    }
    query->timeout = std::chrono::milliseconds(timeout_ms);
  } else {
    return Bad("the request has a member \"", key,
               "\"; it takes \"sql\", \"parameters\" and \"timeout_ms\"");
  }
  return arrow::Status::OK();
}

}  // namespace

int64_t MostValues(const Document& document) {
  // Every value but the first has one of these before it.
  return 1 + std::ranges::count_if(document.text(), [](char c) {
           return c == ',' || c == ':' || c == '[' || c == '{';
         });
}

int64_t ParsedBytes(const Document& document) {
  // Strings are copied, once by the parser and once by us. A value takes up to 2 entries
  // in each of the parser's two lists (24 bytes) and 16 in an Arrow builder that has
  // doubled.
  constexpr int64_t kBytesPerValue = 48;
  return 2 * static_cast<int64_t>(document.size) + kBytesPerValue * MostValues(document);
}

int64_t HeldBytes(const QueryDocument& query) {
  const auto sql = static_cast<int64_t>(query.sql.size());
  if (!query.parameters) return sql;
  return sql + arrow::util::TotalBufferSize(*query.parameters);
}

size_t JsonPadding() { return simdjson::SIMDJSON_PADDING; }

arrow::Result<QueryDocument> ParseQueryDocument(const Document& document,
                                                size_t max_depth) {
  simdjson::dom::parser parser;
  if (const auto code = parser.allocate(document.size, max_depth)) {
    return base::MakeError(ErrorKind::kResourceExhausted,
                           "the request's JSON cannot be read: ", JsonFault(code));
  }
  element root;
  const auto code = parser
                        .parse(reinterpret_cast<const uint8_t*>(document.buffer->data()),
                               document.size, /*realloc_if_needed=*/false)
                        .get(root);
  if (code == simdjson::DEPTH_ERROR) {
    return Bad("the request's JSON nests deeper than ", max_depth,
               " levels, the most this server takes");
  }
  if (code == simdjson::BIGINT_ERROR || code == simdjson::NUMBER_ERROR) {
    return Bad(
        "the request's JSON has a number that no type can hold; give it as a string "
        "and cast it in the statement");
  }
  if (code != simdjson::SUCCESS) {
    return Bad("the request's body is not valid JSON: ", JsonFault(code));
  }
  simdjson::dom::object members;
  if (root.get_object().get(members) != simdjson::SUCCESS) {
    return Bad(
        "the request's body must be a JSON object, for example {\"sql\": \"SELECT 1\"}");
  }
  QueryDocument query;
  for (const auto member : members) {
    ARROW_RETURN_NOT_OK(ReadMember(member.key, member.value, &query));
  }
  if (query.sql.empty()) return Bad("the request names no \"sql\" to run");
  return query;
}

}  // namespace pintail::http
