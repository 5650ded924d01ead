#include "ingest/bad_value.h"

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "arrow/array/builder_primitive.h"
#include "base/error.h"
#include "catalog/text_rows.h"
#include "engine/names.h"

namespace pintail::ingest {
namespace {

// Connections of one session share their temporary tables.
engine::TableName UnusedName() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return {.catalog = "temp",
          .schema = "main",
          .table = "pintail_values_" + std::to_string(generator())};
}

// A column of the batches and the type that the table has for it.
struct Cast {
  int index = 0;
  std::string column;
  std::string type;
};

arrow::Result<std::vector<Cast>> CastsTo(engine::Connection& connection,
                                         const engine::TableName& table,
                                         const arrow::Schema& arriving,
                                         const std::set<std::string>& left_out) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(connection, "SELECT column_name, column_type FROM (DESCRIBE " +
                                        QuoteName(table) + ")"));
  std::vector<Cast> casts;
  for (const catalog::TextRow& row : rows) {
    const std::string column = row[0].value_or("");
    const int index = arriving.GetFieldIndex(column);
    if (index < 0 || left_out.contains(column)) continue;
    casts.push_back({.index = index, .column = column, .type = row[1].value_or("")});
  }
  return casts;
}

// The rows' numbers, and the columns to be cast as v0, v1, …
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Numbered(
    const arrow::RecordBatchVector& batches, const std::vector<Cast>& casts) {
  arrow::FieldVector fields = {arrow::field("r", arrow::int64())};
  for (size_t i = 0; i < casts.size(); ++i) {
    fields.push_back(batches.front()
                         ->schema()
                         ->field(casts[i].index)
                         ->WithName("v" + std::to_string(i))
                         ->WithNullable(true));
  }
  const auto schema = arrow::schema(std::move(fields));
  arrow::RecordBatchVector numbered;
  int64_t row = 0;
  for (const auto& batch : batches) {
    arrow::Int64Builder numbers;
    ARROW_RETURN_NOT_OK(numbers.Reserve(batch->num_rows()));
    for (int64_t i = 0; i < batch->num_rows(); ++i) numbers.UnsafeAppend(row++);
    ARROW_ASSIGN_OR_RAISE(auto array, numbers.Finish());
    arrow::ArrayVector columns = {std::move(array)};
    for (const Cast& cast : casts) columns.push_back(batch->column(cast.index));
    numbered.push_back(
        arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns)));
  }
  return arrow::RecordBatchReader::Make(std::move(numbered), schema);
}

std::string FirstFailureIn(const std::string& table, const std::vector<Cast>& casts) {
  std::string query;
  for (size_t i = 0; i < casts.size(); ++i) {
    const std::string value = "v" + std::to_string(i);
    if (i > 0) query += " UNION ALL ";
    query += "SELECT r, " + std::to_string(i) + " AS c, left(" + value +
             "::VARCHAR, 100) FROM " + table + " WHERE " + value +
             " IS NOT NULL AND TRY_CAST(" + value + " AS " + casts[i].type + ") IS NULL";
  }
  return query + " ORDER BY r, c LIMIT 1";
}

}  // namespace

arrow::Result<std::optional<BadValue>> FindBadValue(
    engine::Connection& connection, const engine::TableName& table,
    const arrow::RecordBatchVector& batches, const std::set<std::string>& left_out) {
  if (batches.empty()) return std::nullopt;
  // What it makes goes with its transaction, which is never committed.
  ARROW_ASSIGN_OR_RAISE(const auto fork, connection.Fork());
  ARROW_RETURN_NOT_OK(fork->Begin());
  ARROW_ASSIGN_OR_RAISE(const auto casts,
                        CastsTo(*fork, table, *batches.front()->schema(), left_out));
  if (casts.empty()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto numbered, Numbered(batches, casts));
  const engine::TableName scratch = UnusedName();
  ARROW_RETURN_NOT_OK(fork->CreateTable(scratch, *numbered->schema(), /*temporary=*/true,
                                        /*or_replace=*/false, /*if_not_exists=*/false));
  ARROW_RETURN_NOT_OK(fork->Insert(scratch, std::move(numbered)).status());
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(*fork, FirstFailureIn(QuoteName(scratch), casts)));
  ARROW_RETURN_NOT_OK(fork->Rollback());
  if (rows.empty()) return std::nullopt;
  const Cast& cast = casts.at(std::stoul(rows[0][1].value_or("0")));
  return BadValue{.row = std::stoll(rows[0][0].value_or("0")),
                  .column = cast.column,
                  .value = rows[0][2].value_or(""),
                  .type = cast.type};
}

}  // namespace pintail::ingest
