#include "http/source_document.h"

#include <simdjson.h>

#include "base/error.h"
#include "http/json_fault.h"

namespace pintail::http {
namespace {

using base::ErrorKind;
using simdjson::dom::element;

arrow::Status Bad(auto&&... parts) {
  return base::MakeError(ErrorKind::kInvalidArgument, parts...);
}

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::string QuoteSqlName(std::string_view name) { return Quoted(name, '"'); }

arrow::Result<std::string> TextOf(std::string_view key, element value) {
  if (value.is_string()) return std::string(value.get_string().value_unsafe());
  if (value.is_bool()) return value.get_bool().value_unsafe() ? "true" : "false";
  if (value.is_int64() || value.is_uint64()) return simdjson::minify(value);
  return Bad("\"", key, "\" must be a text, a whole number, true or false");
}

arrow::Status ReadOptions(element value, SourceDocument* source) {
  if (!value.is_object()) return Bad("\"options\" must be an object of names and texts");
  for (const auto member : value.get_object().value_unsafe()) {
    if (member.key.empty()) return Bad("an option in \"options\" has no name");
    ARROW_ASSIGN_OR_RAISE(auto text, TextOf(member.key, member.value));
    source->words.emplace_back("options." + std::string(member.key), std::move(text));
  }
  return arrow::Status::OK();
}

arrow::Status ReadMember(std::string_view key, element value, SourceDocument* source) {
  if (key.empty()) return Bad("a member of the request has no name");
  if (key == "options") return ReadOptions(value, source);
  ARROW_ASSIGN_OR_RAISE(auto text, TextOf(key, value));
  if (key == "name") {
    source->name = std::move(text);
  } else if (key == "type") {
    source->type = std::move(text);
  } else {
    source->words.emplace_back(key, std::move(text));
  }
  return arrow::Status::OK();
}

// (key 'value', …, options (name 'value', …))
std::string WordsText(const SourceDocument& source) {
  constexpr std::string_view kOptions = "options.";
  std::string words;
  std::string options;
  for (const auto& [key, value] : source.words) {
    const bool is_option = key.starts_with(kOptions);
    std::string& list = is_option ? options : words;
    if (!list.empty()) list += ", ";
    list += QuoteSqlName(is_option ? key.substr(kOptions.size()) : key) + " " +
            QuoteSqlText(value);
  }
  if (!options.empty())
    words += (words.empty() ? "" : ", ") + ("options (" + options) + ")";
  return "(" + words + ")";
}

}  // namespace

arrow::Result<SourceDocument> ParseSourceDocument(const Document& document,
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
  if (code != simdjson::SUCCESS) {
    return Bad("the request's body is not valid JSON: ", JsonFault(code));
  }
  if (!root.is_object()) {
    return Bad(
        "the request's body must be a JSON object, for example {\"name\": \"shop\", "
        "\"type\": \"postgres\", \"connection\": \"postgresql://host:5432/shop\"}");
  }
  SourceDocument source;
  for (const auto member : root.get_object().value_unsafe()) {
    ARROW_RETURN_NOT_OK(ReadMember(member.key, member.value, &source));
  }
  return source;
}

std::string QuoteSqlText(std::string_view text) { return Quoted(text, '\''); }

std::string CreateSourceText(const SourceDocument& source, bool or_replace) {
  return (or_replace ? "CREATE OR REPLACE SOURCE " : "CREATE SOURCE ") +
         QuoteSqlName(source.name) + " TYPE " + QuoteSqlText(source.type) + " " +
         WordsText(source);
}

std::string AlterSourceText(const SourceDocument& source) {
  SourceDocument all = source;
  if (!all.type.empty()) all.words.emplace_back("type", all.type);
  return "ALTER SOURCE " + QuoteSqlName(source.name) + " SET " + WordsText(all);
}

std::string DropSourceText(std::string_view name) {
  return "DROP SOURCE " + QuoteSqlName(name);
}

}  // namespace pintail::http
