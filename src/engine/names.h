// Names of tables and how they are quoted. Pure values and functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pintail::engine {

// A table's name in parts. Empty catalog or schema: the session's search path decides.
struct TableName {
  std::string catalog;
  std::string schema;
  std::string table;

  bool operator==(const TableName&) const = default;
};

// A SQL identifier with its quotes, quotes inside doubled: a"b becomes "a""b".
std::string QuoteName(std::string_view name);
// A SQL string literal: it's becomes 'it''s'.
std::string QuoteText(std::string_view text);
// "catalog"."schema"."table", empty parts left out.
std::string QuoteName(const TableName& name);

// Takes a quoted identifier off the front of the text and gives it without its quotes;
// nothing when there is none, or its end is missing (the text is of no use then).
std::optional<std::string> TakeQuotedName(std::string_view& text);

}  // namespace pintail::engine
