#include "cli/table_name.h"

#include <vector>

#include "base/error.h"

namespace pintail::cli {
namespace {

// One part from the front of the text, which it is cut from; false when it is malformed.
bool TakePart(std::string_view& text, std::string* part) {
  if (!text.starts_with('"')) {
    const size_t dot = text.find('.');
    *part = text.substr(0, dot);
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot);
    return !part->empty() && part->find('"') == std::string::npos;
  }
  text.remove_prefix(1);
  while (!text.empty()) {
    const bool quote = text.front() == '"';
    if (quote && !text.starts_with("\"\"")) {
      text.remove_prefix(1);
      return !part->empty() && (text.empty() || text.front() == '.');
    }
    *part += text.front();
    text.remove_prefix(quote ? 2 : 1);
  }
  return false;
}

}  // namespace

arrow::Result<IngestTarget> ParseTableName(std::string_view text) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  bool good = !text.empty();
  while (good) {
    std::string part;
    good = TakePart(rest, &part) && parts.size() < 3;
    parts.push_back(std::move(part));
    if (rest.empty()) break;
    rest.remove_prefix(1);
    good = good && !rest.empty();
  }
  if (!good) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "\"", text,
                           "\" is not table, schema.table or catalog.schema.table");
  }
  parts.insert(parts.begin(), 3 - parts.size(), "");
  return IngestTarget{.catalog = parts[0], .schema = parts[1], .table = parts[2]};
}

std::string QuoteLiteral(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace pintail::cli
