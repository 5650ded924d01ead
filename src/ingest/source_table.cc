#include "ingest/source_table.h"

#include <map>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "catalog/text_rows.h"
#include "engine/names.h"
#include "ingest/column_types.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using engine::QuoteName;

std::shared_ptr<arrow::Schema> PositionColumns() {
  return arrow::schema(
      {arrow::field("stream", arrow::utf8()), arrow::field("journal", arrow::utf8()),
       arrow::field("position", arrow::int64()), arrow::field("part", arrow::int64())});
}

arrow::Result<int64_t> ToNumber(const std::optional<std::string>& text) {
  try {
    return std::stoll(text.value_or(""));
  } catch (const std::exception&) {
    return base::MakeError(ErrorKind::kInvalidSql,
                           "the source's table pintail_positions holds \"",
                           text.value_or("NULL"), "\" where a number should be");
  }
}

// As DuckDB's extension spells the types of a table that it makes.
std::string PostgresType(const std::string& type) {
  static const std::map<std::string, std::string> kNames = {
      {"DOUBLE", "DOUBLE PRECISION"}, {"FLOAT", "REAL"},
      {"TINYINT", "SMALLINT"},        {"UTINYINT", "SMALLINT"},
      {"USMALLINT", "INTEGER"},       {"UINTEGER", "BIGINT"},
      {"UBIGINT", "NUMERIC(20, 0)"},  {"HUGEINT", "NUMERIC(38, 0)"},
      {"UHUGEINT", "NUMERIC(39, 0)"}, {"BLOB", "BYTEA"},
      {"TIMESTAMP_S", "TIMESTAMP"},   {"TIMESTAMP_MS", "TIMESTAMP"},
      {"TIMESTAMP_NS", "TIMESTAMP"},  {"TIME_NS", "TIME"},
  };
  const auto found = kNames.find(type);
  return found == kNames.end() ? type : found->second;
}

arrow::Status InsertRuns(engine::Connection& connection, const engine::TableName& target,
                         const arrow::RecordBatchVector& rows) {
  for (size_t i = 0; i < rows.size();) {
    const auto schema = rows[i]->schema();
    arrow::RecordBatchVector run;
    while (i < rows.size() && rows[i]->schema()->Equals(*schema))
      run.push_back(rows[i++]);
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::RecordBatchReader::Make(std::move(run), schema));
    ARROW_RETURN_NOT_OK(connection.Insert(target, std::move(reader)));
  }
  return arrow::Status::OK();
}

}  // namespace

SourceTable::SourceTable(SourceLink& link, engine::TableName target, std::string stream,
                         std::string journal)
    : link_(link),
      target_(std::move(target)),
      positions_{.catalog = target_.catalog,
                 .schema = target_.schema,
                 .table = "pintail_positions"},
      stream_(std::move(stream)),
      journal_(std::move(journal)) {}

arrow::Result<Place> SourceTable::Read() {
  ARROW_ASSIGN_OR_RAISE(engine::Connection * connection, link_.Connect());
  columns_.clear();
  const std::string which = " WHERE stream = " + engine::QuoteText(stream_) +
                            " AND journal = " + engine::QuoteText(journal_);
  if (const auto known = connection->TableSchema(positions_); !known.ok()) {
    if (base::KindOf(known.status()) != ErrorKind::kNotFound) return known.status();
    ARROW_RETURN_NOT_OK(connection->CreateTable(positions_, *PositionColumns(),
                                                /*temporary=*/false, /*or_replace=*/false,
                                                /*if_not_exists=*/true));
  }
  ARROW_ASSIGN_OR_RAISE(
      auto rows, catalog::TextRows(*connection, R"(SELECT "position", part FROM )" +
                                                    QuoteName(positions_) + which));
  if (rows.size() > 1) {
    return base::MakeError(ErrorKind::kInvalidSql, "the source's table ",
                           QuoteName(positions_), " has ", rows.size(),
                           " rows for the stream ", stream_, " of the journal ", journal_,
                           "; leave the one that is right");
  }
  if (rows.empty()) {
    ARROW_RETURN_NOT_OK(connection->Run("INSERT INTO " + QuoteName(positions_) +
                                        " VALUES (" + engine::QuoteText(stream_) + ", " +
                                        engine::QuoteText(journal_) + ", 0, 0)"));
    return Place{};
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t position, ToNumber(rows[0][0]));
  ARROW_ASSIGN_OR_RAISE(const int64_t part, ToNumber(rows[0][1]));
  return Place{.position = static_cast<uint64_t>(position), .part = part};
}

arrow::Result<bool> SourceTable::Ship(const Place& from, const Place& to,
                                      const arrow::RecordBatchVector& rows) {
  ARROW_ASSIGN_OR_RAISE(engine::Connection * connection, ConnectFor(rows));
  ARROW_RETURN_NOT_OK(connection->Begin());
  auto shipped = ShipIn(*connection, from, to, rows);
  if (connection->InTransaction()) (void)connection->Rollback();
  // Also after an error, as it may have happened.
  if (target_.schema.empty()) {
    link_.TellChange({.databases = {target_.catalog}});
  } else {
    link_.TellChange({.tables = {target_}});
  }
  return shipped;
}

arrow::Status SourceTable::Try(const arrow::RecordBatchVector& rows) {
  ARROW_ASSIGN_OR_RAISE(engine::Connection * connection, ConnectFor(rows));
  ARROW_RETURN_NOT_OK(connection->Begin());
  const arrow::Status inserted = InsertRuns(*connection, target_, rows);
  const arrow::Status rolled_back = connection->Rollback();
  return inserted.ok() ? rolled_back : inserted;
}

arrow::Result<bool> SourceTable::ShipIn(engine::Connection& connection, const Place& from,
                                        const Place& to,
                                        const arrow::RecordBatchVector& rows) {
  // First: a transaction of before that is still open there has this row, and is waited
  // for.
  ARROW_ASSIGN_OR_RAISE(const bool moved, MovePlace(connection, from, to));
  if (!moved) return false;
  ARROW_RETURN_NOT_OK(InsertRuns(connection, target_, rows));
  ARROW_RETURN_NOT_OK(connection.Commit());
  return true;
}

arrow::Result<bool> SourceTable::MovePlace(engine::Connection& connection,
                                           const Place& from, const Place& to) {
  ARROW_ASSIGN_OR_RAISE(
      const auto changed,
      connection.Run("UPDATE " + QuoteName(positions_) + R"( SET "position" = )" +
                     std::to_string(to.position) + ", part = " + std::to_string(to.part) +
                     " WHERE stream = " + engine::QuoteText(stream_) +
                     " AND journal = " + engine::QuoteText(journal_) +
                     R"( AND "position" = )" + std::to_string(from.position) +
                     " AND part = " + std::to_string(from.part)));
  return changed->rows_changed().value_or(0) == 1;
}

arrow::Result<engine::Connection*> SourceTable::ConnectFor(
    const arrow::RecordBatchVector& rows) {
  ARROW_ASSIGN_OR_RAISE(engine::Connection * connection, link_.Connect());
  for (const auto& batch : rows) {
    ARROW_ASSIGN_OR_RAISE(const bool grown, MakeFit(*connection, *batch->schema()));
    if (!grown) continue;
    link_.Drop();
    ARROW_ASSIGN_OR_RAISE(connection, link_.Connect());
  }
  return connection;
}

arrow::Result<bool> SourceTable::MakeFit(engine::Connection& connection,
                                         const arrow::Schema& rows) {
  if (columns_.empty()) {
    auto known = connection.TableSchema(target_);
    if (!known.ok()) {
      if (base::KindOf(known.status()) != ErrorKind::kNotFound) return known.status();
      ARROW_RETURN_NOT_OK(connection.CreateTable(target_, rows, /*temporary=*/false,
                                                 /*or_replace=*/false,
                                                 /*if_not_exists=*/true));
      link_.TellChange({.databases = {target_.catalog}});
      ARROW_ASSIGN_OR_RAISE(known, connection.TableSchema(target_));
    }
    for (const auto& field : (*known)->fields()) {
      columns_.insert(base::LowerCase(field->name()));
    }
  }
  arrow::FieldVector missing;
  for (const auto& field : rows.fields()) {
    if (!columns_.contains(base::LowerCase(field->name()))) missing.push_back(field);
  }
  if (missing.empty()) return false;
  ARROW_RETURN_NOT_OK(AddColumns(connection, missing));
  for (const auto& field : missing) columns_.insert(base::LowerCase(field->name()));
  return true;
}

arrow::Status SourceTable::AddColumns(engine::Connection& connection,
                                      const arrow::FieldVector& columns) {
  ARROW_ASSIGN_OR_RAISE(const auto types, SqlTypes(connection, columns));
  const bool is_postgres = link_.type() == "postgres";
  const engine::TableName there{.schema = target_.schema, .table = target_.table};
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string what = QuoteName(columns[i]->name()) + " " +
                             (is_postgres ? PostgresType(types[i]) : types[i]);
    // DuckDB's extension gives PostgreSQL the type's name as it is.
    const std::string sql =
        is_postgres
            ? "CALL postgres_execute(" + engine::QuoteText(target_.catalog) + ", " +
                  engine::QuoteText("ALTER TABLE " + QuoteName(there) +
                                    " ADD COLUMN IF NOT EXISTS " + what) +
                  ")"
            : "ALTER TABLE " + QuoteName(target_) + " ADD COLUMN " + what;
    ARROW_RETURN_NOT_OK(connection.Run(sql));
  }
  return arrow::Status::OK();
}

}  // namespace pintail::ingest
