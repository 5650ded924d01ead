#include "engine/names.h"

namespace pintail::engine {
namespace {

std::string Quote(std::string_view text, char quote) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  quoted += quote;
  for (char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  quoted += quote;
  return quoted;
}

}  // namespace

std::string QuoteName(std::string_view name) { return Quote(name, '"'); }

std::string QuoteText(std::string_view text) { return Quote(text, '\''); }

std::optional<std::string> TakeQuotedName(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  std::string name;
  while (!text.empty()) {
    if (text[0] == '"') {
      text.remove_prefix(1);
      if (!text.starts_with('"')) return name;
    }
    name += text[0];
    text.remove_prefix(1);
  }
  return std::nullopt;
}

std::string QuoteName(const TableName& name) {
  std::string quoted;
  if (!name.catalog.empty()) {
    quoted += QuoteName(name.catalog) + ".";
    // A catalog alone before a table would be taken for a schema.
    if (name.schema.empty()) quoted += "\"main\".";
  }
  if (!name.schema.empty()) quoted += QuoteName(name.schema) + ".";
  return quoted + QuoteName(name.table);
}

}  // namespace pintail::engine
