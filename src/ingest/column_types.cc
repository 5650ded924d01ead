#include "ingest/column_types.h"

#include <memory>
#include <random>

#include "base/error.h"
#include "catalog/text_rows.h"
#include "engine/names.h"

namespace pintail::ingest {
namespace {

// Connections of one session share their temporary tables.
std::string UnusedName() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return "pintail_types_" + std::to_string(generator());
}

arrow::Result<std::vector<std::string>> ReadTypes(engine::Connection& connection,
                                                  const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(connection,
                        "SELECT data_type FROM duckdb_columns() WHERE database_name = "
                        "'temp' AND table_name = " +
                            engine::QuoteText(table) + " ORDER BY column_index"));
  std::vector<std::string> types;
  for (const catalog::TextRow& row : rows) types.push_back(row[0].value_or(""));
  return types;
}

}  // namespace

arrow::Result<std::vector<std::string>> SqlTypes(engine::Connection& connection,
                                                 const arrow::FieldVector& fields) {
  const engine::TableName scratch{.catalog = "", .schema = "", .table = UnusedName()};
  ARROW_RETURN_NOT_OK(connection.CreateTable(scratch, *arrow::schema(fields),
                                             /*temporary=*/true, /*or_replace=*/false,
                                             /*if_not_exists=*/false));
  const auto types = ReadTypes(connection, scratch.table);
  ARROW_RETURN_NOT_OK(
      connection.Run("DROP TABLE temp." + engine::QuoteName(scratch.table)).status());
  ARROW_RETURN_NOT_OK(types.status());
  if (types->size() != fields.size()) {
    return base::MakeError(base::ErrorKind::kInternal, "asked for the types of ",
                           fields.size(), " columns, got ", types->size());
  }
  return types;
}

}  // namespace pintail::ingest
