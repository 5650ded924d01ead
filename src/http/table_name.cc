#include "http/table_name.h"

#include <string>
#include <vector>

#include "base/error.h"

namespace pintail::http {
namespace {

arrow::Status Bad(std::string_view text) {
  return base::MakeError(base::ErrorKind::kInvalidArgument, "\"", text,
                         "\" is not a table's name; write table, schema.table or "
                         "catalog.schema.table, a part with dots in double quotes");
}

// Takes a quoted part off the front, its closing quote included; false when it has none.
bool TakeQuoted(std::string_view* text, std::string* part) {
  text->remove_prefix(1);
  while (true) {
    const size_t quote = text->find('"');
    if (quote == std::string_view::npos) return false;
    part->append(text->substr(0, quote));
    text->remove_prefix(quote + 1);
    if (!text->starts_with('"')) return true;
    part->push_back('"');
    text->remove_prefix(1);
  }
}

}  // namespace

arrow::Result<engine::TableName> ParseTableName(std::string_view text) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  while (true) {
    std::string part;
    if (rest.starts_with('"')) {
      if (!TakeQuoted(&rest, &part)) return Bad(text);
    } else {
      part = rest.substr(0, rest.find('.'));
      rest.remove_prefix(part.size());
    }
    if (part.empty()) return Bad(text);
    parts.push_back(std::move(part));
    if (rest.empty()) break;
    if (!rest.starts_with('.')) return Bad(text);
    rest.remove_prefix(1);
  }
  if (parts.size() > 3) return Bad(text);
  engine::TableName name;
  name.table = parts.back();
  if (parts.size() > 1) name.schema = parts[parts.size() - 2];
  if (parts.size() > 2) name.catalog = parts.front();
  return name;
}

}  // namespace pintail::http
