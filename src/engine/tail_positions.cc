#include "engine/tail_positions.h"

#include "duckdb/main/query_result.hpp"
#include "engine/error_translation.h"
#include "engine/execution.h"

namespace pintail::engine {
namespace {

TableName NameIn(const std::string& database) {
  return {.catalog = database, .schema = kJournalSchema, .table = "positions"};
}

std::string TableIn(const std::string& database) { return QuoteName(NameIn(database)); }

}  // namespace

arrow::Status MakeJournalTable(duckdb::ClientContext& context, const TableName& table,
                               const std::string& columns) {
  ARROW_RETURN_NOT_OK(RunText(context, "CREATE SCHEMA IF NOT EXISTS " +
                                           QuoteName(table.catalog) + "." +
                                           QuoteName(table.schema)));
  return RunText(context,
                 "CREATE TABLE IF NOT EXISTS " + QuoteName(table) + " (" + columns + ")")
      .status();
}

arrow::Result<std::vector<TailPosition>> OpenPositions(duckdb::ClientContext& context,
                                                       const std::string& database) {
  return Guarded([&]() -> arrow::Result<std::vector<TailPosition>> {
    ARROW_RETURN_NOT_OK(
        MakeJournalTable(context, NameIn(database),
                         "table_schema VARCHAR, table_name VARCHAR, position UBIGINT"));
    ARROW_ASSIGN_OR_RAISE(
        auto rows, RunText(context, "SELECT table_schema, table_name, position FROM " +
                                        TableIn(database)));
    std::vector<TailPosition> positions;
    for (const auto& row : *rows) {
      positions.push_back({.table = {.catalog = database,
                                     .schema = row.GetValue<std::string>(0),
                                     .table = row.GetValue<std::string>(1)},
                           .position = row.GetValue<uint64_t>(2)});
    }
    return positions;
  });
}

arrow::Status WritePosition(duckdb::ClientContext& context, const std::string& database,
                            const TailPosition& position) {
  const std::string number = std::to_string(position.position);
  const std::string schema = QuoteText(position.table.schema);
  const std::string table = QuoteText(position.table.table);
  ARROW_ASSIGN_OR_RAISE(
      auto updated, RunText(context, "UPDATE " + TableIn(database) + " SET position = " +
                                         number + " WHERE table_schema = " + schema +
                                         " AND table_name = " + table));
  if (updated->Fetch()->GetValue(0, 0).GetValue<int64_t>() > 0) {
    return arrow::Status::OK();
  }
  return RunText(context, "INSERT INTO " + TableIn(database) + " VALUES (" + schema +
                              ", " + table + ", " + number + ")")
      .status();
}

}  // namespace pintail::engine
