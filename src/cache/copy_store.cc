#include "cache/copy_store.h"

#include <algorithm>
#include <utility>

#include "arrow/array.h"
#include "arrow/scalar.h"
#include "arrow/table.h"
#include "base/error.h"
#include "engine/tails.h"

namespace pintail::cache {
namespace {

using engine::QuoteName;
using engine::QuoteText;

constexpr const char* kCopies = "_copies";
constexpr const char* kWrites = "_writes";
// Of longer tables the size is estimated from about so many rows.
constexpr int64_t kMeasuredRows = 1'000'000;

int64_t Microseconds(base::Clock::Wall time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch())
      .count();
}

// As SQL; the connection's time zone is UTC.
std::string Instant(base::Clock::Wall time) {
  return "make_timestamp(" + std::to_string(Microseconds(time)) + ")";
}

arrow::Result<int64_t> IntegerAt(const arrow::RecordBatch& row, int column) {
  ARROW_ASSIGN_OR_RAISE(auto value, row.column(column)->GetScalar(0));
  if (!value->is_valid) return 0;
  ARROW_ASSIGN_OR_RAISE(value, value->CastTo(arrow::int64()));
  return static_cast<const arrow::Int64Scalar&>(*value).value;
}

std::string TextAt(const arrow::RecordBatch& batch, int column, int64_t row) {
  return std::string(
      static_cast<const arrow::StringArray&>(*batch.column(column)).GetView(row));
}

}  // namespace

std::string CopyStore::Place(const std::string& table) const {
  return QuoteName(engine::TableName{
      .catalog = main_, .schema = engine::kCopiesSchema, .table = table});
}

arrow::Status CopyStore::Run(const std::string& sql, std::stop_token stop) {
  return connection_->Run(sql, {}, {.materialize = true, .stop = std::move(stop)})
      .status();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> CopyStore::Row(
    const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(auto rows, connection_->Run(sql, {}, {.materialize = true}));
  ARROW_ASSIGN_OR_RAISE(auto table, rows->ToTable());
  return table->CombineChunksToBatch();
}

arrow::Result<std::unique_ptr<CopyStore>> CopyStore::Connect(engine::Database& database) {
  std::unique_ptr<CopyStore> store(new CopyStore(database));
  store->main_ = database.tails().database();
  ARROW_ASSIGN_OR_RAISE(store->connection_, engine::ConnectAsServer(database));
  // Times in conditions are UTC. Without DuckDB's extension for time zones they are that
  // anyway, and times with a zone cannot be compared.
  (void)store->Run("SET TimeZone = 'UTC'");
  return store;
}

arrow::Result<bool> CopyStore::IsThere(engine::Database& database) {
  ARROW_ASSIGN_OR_RAISE(const auto store, Connect(database));
  ARROW_ASSIGN_OR_RAISE(const auto found,
                        store->Row("SELECT 1 FROM duckdb_schemas() WHERE schema_name = " +
                                   QuoteText(engine::kCopiesSchema) +
                                   " AND database_name = " + QuoteText(store->main_)));
  return found->num_rows() > 0;
}

arrow::Result<std::unique_ptr<CopyStore>> CopyStore::Open(engine::Database& database) {
  ARROW_ASSIGN_OR_RAISE(auto store, Connect(database));
  ARROW_RETURN_NOT_OK(store->Run("CREATE SCHEMA IF NOT EXISTS " +
                                 QuoteName(store->main_) + "." +
                                 QuoteName(engine::kCopiesSchema)));
  ARROW_RETURN_NOT_OK(store->Run(
      "CREATE TABLE IF NOT EXISTS " + store->Place(kCopies) +
      " (name VARCHAR, definition VARCHAR, as_of_us BIGINT, duration_ms BIGINT, "
      "row_count BIGINT, byte_count BIGINT)"));
  ARROW_RETURN_NOT_OK(store->Run("CREATE TABLE IF NOT EXISTS " + store->Place(kWrites) +
                                 " (name VARCHAR)"));
  return store;
}

arrow::Result<std::map<std::string, StoredCopy>> CopyStore::Read() {
  ARROW_ASSIGN_OR_RAISE(
      const auto batch,
      Row("SELECT name, definition, as_of_us, duration_ms, row_count, byte_count, name "
          "IN (SELECT name FROM " +
          Place(kWrites) + ") FROM " + Place(kCopies)));
  std::map<std::string, StoredCopy> copies;
  const auto integer = [&](int column, int64_t row) {
    return static_cast<const arrow::Int64Array&>(*batch->column(column)).Value(row);
  };
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    copies[TextAt(*batch, 0, row)] = {
        .definition = TextAt(*batch, 1, row),
        .as_of =
            base::Clock::Wall(std::chrono::duration_cast<base::Clock::Wall::duration>(
                std::chrono::microseconds(integer(2, row)))),
        .duration = std::chrono::milliseconds(integer(3, row)),
        .rows = integer(4, row),
        .bytes = integer(5, row),
        .written = static_cast<const arrow::BooleanArray&>(*batch->column(6)).Value(row)};
  }
  return copies;
}

arrow::Status CopyStore::Drop(const std::string& copy) {
  const std::string name = QuoteText(copy);
  arrow::Status dropped = connection_->Begin();
  if (dropped.ok()) dropped = Run("DROP TABLE IF EXISTS " + Place(copy));
  for (const char* table : {kCopies, kWrites}) {
    if (!dropped.ok()) break;
    dropped = Run("DELETE FROM " + Place(table) + " WHERE name = " + name);
  }
  if (dropped.ok()) dropped = connection_->Commit();
  if (!dropped.ok() && connection_->InTransaction()) (void)connection_->Rollback();
  return dropped;
}

arrow::Status CopyStore::NoteWrite(const std::string& copy) {
  return Run("INSERT INTO " + Place(kWrites) + " VALUES (" + QuoteText(copy) + ")");
}

arrow::Result<StoredCopy> CopyStore::Refill(const Fill& fill) {
  auto loaded = Load(fill);
  if (!loaded.ok() && connection_->InTransaction()) (void)connection_->Rollback();
  return loaded;
}

// The conditions for the rows to be fetched, with the WHERE; empty when there are none.
arrow::Result<std::string> CopyStore::Conditions(const Fill& fill) {
  const CopyTable& table = fill.table;
  std::vector<std::string> conditions;
  if (!table.filter.empty()) conditions.push_back("(" + table.filter + "\n)");
  const auto& window = table.data_window && table.retention
                           ? std::optional(std::min(*table.data_window, *table.retention))
                       : table.data_window ? table.data_window
                                           : table.retention;
  if (window) {
    conditions.push_back(QuoteName(table.time_column) +
                         " >= " + Instant(fill.as_of - *window));
  }
  if (fill.append) {
    // As a literal, so that the source can be asked for just these rows.
    const std::string column = QuoteName(table.append_column);
    ARROW_ASSIGN_OR_RAISE(const auto highest,
                          Row("SELECT max(" + column + ")::VARCHAR, typeof(max(" +
                              column + ")) FROM " + Place(table.name)));
    if (!highest->column(0)->IsNull(0)) {
      conditions.push_back(column + " > CAST(" + QuoteText(TextAt(*highest, 0, 0)) +
                           " AS " + TextAt(*highest, 1, 0) + ")");
    }
  }
  std::string where;
  for (const std::string& condition : conditions) {
    where += (where.empty() ? " WHERE " : " AND ") + condition;
  }
  return where;
}

arrow::Result<StoredCopy> CopyStore::Load(const Fill& fill) {
  const CopyTable& table = fill.table;
  auto& copies = engine::CopiesOf(database_);
  const auto begun = fill.clock.Now();
  ARROW_RETURN_NOT_OK(connection_->Begin());
  const auto writes = copies.WritesBeforeFill(table.name);
  const std::string name = QuoteText(table.name);
  // Those that are there now have ended, and will be in what is read. One that is noted
  // later stays.
  if (writes) {
    ARROW_RETURN_NOT_OK(Run("DELETE FROM " + Place(kWrites) + " WHERE name = " + name));
  }
  ARROW_ASSIGN_OR_RAISE(const std::string where, Conditions(fill));
  std::string columns;
  for (const std::string& column : table.columns) {
    columns += (columns.empty() ? "" : ", ") + QuoteName(column);
  }
  const std::string rows = "SELECT " + (columns.empty() ? "*" : columns) + " FROM " +
                           QuoteName(table.source) + where;
  const std::string into = fill.append
                               ? "INSERT INTO " + Place(table.name) + " BY NAME "
                               : "CREATE OR REPLACE TABLE " + Place(table.name) + " AS ";
  ARROW_RETURN_NOT_OK(Run(into + rows, fill.stop));
  if (fill.append && table.retention) {
    ARROW_RETURN_NOT_OK(Run("DELETE FROM " + Place(table.name) + " WHERE " +
                            QuoteName(table.time_column) + " < " +
                            Instant(fill.as_of - *table.retention)));
  }
  StoredCopy stored{.definition = DefinitionOf(table), .as_of = fill.as_of};
  ARROW_ASSIGN_OR_RAISE(const auto count,
                        Row("SELECT count(*) FROM " + Place(table.name)));
  ARROW_ASSIGN_OR_RAISE(stored.rows, IntegerAt(*count, 0));
  ARROW_ASSIGN_OR_RAISE(stored.bytes, BytesOf(table.name, stored.rows));
  stored.duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(fill.clock.Now() - begun);
  ARROW_RETURN_NOT_OK(Run("DELETE FROM " + Place(kCopies) + " WHERE name = " + name));
  ARROW_RETURN_NOT_OK(Run(
      "INSERT INTO " + Place(kCopies) + " VALUES (" + name + ", " +
      QuoteText(stored.definition) + ", " + std::to_string(Microseconds(stored.as_of)) +
      ", " + std::to_string(stored.duration.count()) + ", " +
      std::to_string(stored.rows) + ", " + std::to_string(stored.bytes) + ")"));
  ARROW_RETURN_NOT_OK(
      copies.CommitFill(*connection_, table.name, fill.as_of_steady, writes));
  return stored;
}

arrow::Result<int64_t> CopyStore::BytesOf(const std::string& copy, int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(
      const auto schema,
      connection_->TableSchema(
          {.catalog = main_, .schema = engine::kCopiesSchema, .table = copy}));
  int64_t fixed_bits = 0;
  std::string texts = "0";
  for (const auto& field : schema->fields()) {
    if (arrow::is_fixed_width(field->type()->id())) {
      fixed_bits += field->type()->bit_width();
      continue;
    }
    texts += " + coalesce(sum(strlen(" + QuoteName(field->name()) + "::VARCHAR)), 0)";
  }
  const int64_t fixed = rows * ((fixed_bits + 7) / 8);
  if (texts == "0" || rows == 0) return fixed;
  std::string from = " FROM " + Place(copy);
  if (rows > kMeasuredRows) {
    from += " USING SAMPLE " + std::to_string(100.0 * kMeasuredRows / rows) +
            " PERCENT (system)";
  }
  ARROW_ASSIGN_OR_RAISE(const auto row,
                        Row("SELECT (" + texts + ")::BIGINT, count(*)" + from));
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, IntegerAt(*row, 0));
  ARROW_ASSIGN_OR_RAISE(const int64_t measured, IntegerAt(*row, 1));
  if (measured == 0) return fixed;
  return fixed + static_cast<int64_t>(static_cast<double>(bytes) * rows / measured);
}

}  // namespace pintail::cache
