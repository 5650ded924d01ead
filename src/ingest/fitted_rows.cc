#include "ingest/fitted_rows.h"

#include <atomic>
#include <utility>

#include "engine/names.h"

namespace pintail::ingest {
namespace {

// Connections of one session share their temporary tables.
engine::TableName UnusedName() {
  static std::atomic<int64_t> next = 0;
  return {.catalog = "temp",
          .schema = "main",
          .table = "pintail_fitted_" + std::to_string(++next)};
}

}  // namespace

arrow::Result<arrow::RecordBatchVector> FitToTable(
    engine::Connection& connection, const engine::TableName& table,
    const arrow::RecordBatchVector& batches) {
  ARROW_ASSIGN_OR_RAISE(const auto own, connection.Fork());
  const engine::TableName fitted = UnusedName();
  const std::string name = engine::QuoteName(fitted);
  ARROW_RETURN_NOT_OK(own->Run("CREATE TEMP TABLE " + engine::QuoteName(fitted.table) +
                               " AS SELECT * FROM " + engine::QuoteName(table) +
                               " LIMIT 0"));
  const auto fit = [&]() -> arrow::Result<arrow::RecordBatchVector> {
    ARROW_ASSIGN_OR_RAISE(
        auto reader, arrow::RecordBatchReader::Make(batches, batches.front()->schema()));
    ARROW_RETURN_NOT_OK(own->Insert(fitted, std::move(reader)));
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          own->Run("SELECT * FROM " + name, {}, {.materialize = true}));
    return rows->ToRecordBatches();
  };
  auto rows = fit();
  ARROW_RETURN_NOT_OK(own->Run("DROP TABLE IF EXISTS " + name));
  return rows;
}

}  // namespace pintail::ingest
