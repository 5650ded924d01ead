// Names of tables and how they are quoted. Pure values and functions.
#pragma once

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

}  // namespace pintail::engine
