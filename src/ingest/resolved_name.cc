#include "ingest/resolved_name.h"

#include <utility>

#include "base/lower_case.h"
#include "catalog/text_rows.h"
#include "engine/existing_table.h"

namespace pintail::ingest {
namespace {

constexpr const char* kTemporary = "temp";  // what DuckDB calls their database

bool IsTemporary(const engine::TableName& table) {
  return base::LowerCase(table.catalog) == kTemporary;
}

// A table that is made is made in the current schema, wherever else there is one of its
// name.
arrow::Result<engine::TableName> NameToMake(engine::Connection& connection,
                                            engine::TableName name) {
  if (name.catalog.empty()) {
    ARROW_ASSIGN_OR_RAISE(
        const auto current,
        catalog::TextRows(connection, "SELECT current_database(), current_schema()"));
    name.catalog = current.at(0).at(0).value_or("");
    if (name.schema.empty()) name.schema = current.at(0).at(1).value_or("");
  }
  if (name.schema.empty()) name.schema = "main";
  return name;
}

}  // namespace

std::string ResolvedName::Text() const {
  return base::LowerCase(engine::QuoteName(table));
}

arrow::Result<ResolvedName> Resolve(engine::Connection& connection, const Order& order) {
  engine::TableName table = order.table;
  bool temporary = order.temporary || IsTemporary(table);
  if (!temporary && (table.catalog.empty() || table.schema.empty())) {
    ARROW_ASSIGN_OR_RAISE(auto existing, engine::ExistingTable(connection, table));
    temporary = existing && IsTemporary(*existing);
    if (existing && order.mode != Mode::kReplace) {
      table = *std::move(existing);
    } else {
      ARROW_ASSIGN_OR_RAISE(table, NameToMake(connection, std::move(table)));
    }
  }
  if (temporary) {
    table.catalog = kTemporary + ("#" + std::to_string(order.session));
    table.schema = "main";
  }
  return ResolvedName{.table = std::move(table), .temporary = temporary};
}

}  // namespace pintail::ingest
