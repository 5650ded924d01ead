#include "ingest/tier_table.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "catalog/text_rows.h"
#include "engine/names.h"
#include "engine/tails.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using engine::QuoteName;
using engine::QuoteText;

// As it was written down.
struct KnownTier {
  engine::TableName table;
  engine::TableName target;
  std::string column;
  int64_t boundary = kNoBoundary;
};

std::string TiersIn(engine::Database& database) {
  return QuoteName({.catalog = database.tails().database(),
                    .schema = "pintail_journal",
                    .table = "tiers"});
}

std::string WhereIs(const engine::TableName& table) {
  return " WHERE lower(table_schema) = lower(" + QuoteText(table.schema) +
         ") AND lower(table_name) = lower(" + QuoteText(table.table) + ")";
}

arrow::Result<int64_t> Number(engine::Connection& connection, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, catalog::TextRows(connection, sql));
  return rows.empty() || !rows[0][0] ? kNoBoundary : std::stoll(*rows[0][0]);
}

arrow::Result<std::vector<KnownTier>> KnownTiers(engine::Database& database) {
  ARROW_ASSIGN_OR_RAISE(const auto connection, database.Connect());
  std::vector<KnownTier> tiers;
  ARROW_ASSIGN_OR_RAISE(
      const auto found,
      catalog::TextRows(*connection,
                        "SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND "
                        "schema_name = 'pintail_journal' AND table_name = 'tiers'",
                        {database.tails().database()}));
  if (found.empty()) return tiers;
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(
          *connection,
          "SELECT table_schema, table_name, source, source_schema, source_table, "
          "column_name, boundary_second FROM " +
              TiersIn(database)));
  for (const auto& row : rows) {
    tiers.push_back(
        {.table = {.schema = row[0].value_or(""), .table = row[1].value_or("")},
         .target = {.catalog = row[2].value_or(""),
                    .schema = row[3].value_or(""),
                    .table = row[4].value_or("")},
         .column = row[5].value_or(""),
         .boundary = row[6] ? std::stoll(*row[6]) : kNoBoundary});
  }
  return tiers;
}

arrow::Status ForgetTier(engine::Database& database, const engine::TableName& table) {
  ARROW_ASSIGN_OR_RAISE(const auto connection, database.Connect());
  const auto acting = database.tails().ActAsServer(*connection);
  return connection
      ->Run("DELETE FROM " + TiersIn(database) + WhereIs(table) + " AND boundary IS NULL")
      .status();
}

}  // namespace

arrow::Result<std::vector<WriteThrough>> TieredTables(
    engine::Database& database, const std::vector<WriteThrough>& sent_on) {
  std::vector<WriteThrough> tiered;
  for (const WriteThrough& each : sent_on) {
    if (each.retention) tiered.push_back(each);
  }
  ARROW_ASSIGN_OR_RAISE(const auto known, KnownTiers(database));
  for (const KnownTier& tier : known) {
    const auto is_it = [&](const WriteThrough& each) {
      return base::LowerCase(each.table.schema) == base::LowerCase(tier.table.schema) &&
             base::LowerCase(each.table.table) == base::LowerCase(tier.table.table);
    };
    if (std::ranges::any_of(tiered, is_it)) continue;
    if (tier.boundary == kNoBoundary) {
      ARROW_RETURN_NOT_OK(ForgetTier(database, tier.table));
      continue;
    }
    const auto sent = std::ranges::find_if(sent_on, is_it);
    if (sent == sent_on.end()) {
      return base::MakeError(
          ErrorKind::kInvalidArgument, "the older rows of the table ",
          QuoteName(tier.table), " are in ", QuoteName(tier.target),
          ", and no stream has write_through for it any more, so rows that come late "
          "would be in neither place for its queries; set write_through back, to the "
          "same target (retain may be left out: then no more rows leave)");
    }
    tiered.push_back(*sent);
    tiered.back().retention = {.column = tier.column};
  }
  return tiered;
}

TierTable::TierTable(engine::Database& database, WriteThrough what)
    : database_(database),
      what_(std::move(what)),
      table_(QuoteName(what_.table)),
      column_(QuoteName(what_.retention->column)) {}

arrow::Result<TierTable::Session> TierTable::Open() {
  ARROW_ASSIGN_OR_RAISE(auto connection, database_.Connect());
  auto acting = database_.tails().ActAsServer(*connection);
  return Session{.connection = std::move(connection), .acting = std::move(acting)};
}

std::string TierTable::Constant(int64_t boundary) const {
  return "CAST(" + QuoteText(BoundaryText(type_, boundary)) + " AS " + type_ + ")";
}

arrow::Result<int64_t> TierTable::Register() {
  ARROW_ASSIGN_OR_RAISE(const Session session, Open());
  const std::string& column = what_.retention->column;
  ARROW_RETURN_NOT_OK(session.connection->Run("CREATE TABLE IF NOT EXISTS " +
                                              TiersIn(database_) + " (" +
                                              engine::kTiersColumns + ")"));
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(*session.connection,
                        "SELECT source, source_schema, source_table, column_name, "
                        "boundary_second FROM " +
                            TiersIn(database_) + WhereIs(what_.table)));
  if (!rows.empty()) {
    const engine::TableName before{.catalog = rows[0][0].value_or(""),
                                   .schema = rows[0][1].value_or(""),
                                   .table = rows[0][2].value_or("")};
    if (before != what_.target || rows[0][3].value_or("") != column) {
      return base::MakeError(ErrorKind::kInvalidArgument, "the older rows of the table ",
                             table_, " are in ", QuoteName(before), " by the column \"",
                             rows[0][3].value_or(""), "\", and the configuration now ",
                             "names ", QuoteName(what_.target), " and \"", column,
                             "\"; set write_through and retain_column back");
    }
    return rows[0][4] ? std::stoll(*rows[0][4]) : kNoBoundary;
  }
  const auto found =
      catalog::TextRows(*session.connection, "SELECT 1 FROM " + table_ + " LIMIT 1");
  if (found.ok() && !found->empty()) {
    return base::MakeError(
        ErrorKind::kInvalidArgument, "the table ", table_,
        " has rows already, and nobody knows which of them ", QuoteName(what_.target),
        " has, so they cannot be left to it; take retain off its stream, or begin with "
        "an empty table");
  }
  if (!found.ok() && base::KindOf(found.status()) != ErrorKind::kNotFound) {
    return found.status();
  }
  ARROW_RETURN_NOT_OK(session.connection->Run(
      "INSERT INTO " + TiersIn(database_) + " VALUES (" + QuoteText(what_.table.schema) +
      ", " + QuoteText(what_.table.table) + ", " + QuoteText(what_.target.catalog) +
      ", " + QuoteText(what_.target.schema) + ", " + QuoteText(what_.target.table) +
      ", " + QuoteText(column) + ", NULL, NULL)"));
  return kNoBoundary;
}

arrow::Result<std::string> TierTable::ReadType() {
  ARROW_ASSIGN_OR_RAISE(const Session session, Open());
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(*session.connection,
                        "SELECT data_type FROM duckdb_columns() WHERE database_name = $1 "
                        "AND lower(schema_name) = lower($2) AND lower(table_name) = "
                        "lower($3) AND lower(column_name) = lower($4)",
                        {database_.tails().database(), what_.table.schema,
                         what_.table.table, what_.retention->column}));
  if (rows.empty()) return std::string();
  const std::string type = rows[0][0].value_or("");
  if (const arrow::Status checked = CheckTimeType(type); !checked.ok()) {
    return base::WithContext(
        checked, "retain_column = \"" + what_.retention->column + "\" of " + table_);
  }
  type_ = type;
  return type;
}

arrow::Result<int64_t> TierTable::CountRows() {
  ARROW_ASSIGN_OR_RAISE(const Session session, Open());
  return Number(*session.connection, "SELECT count(*) FROM " + table_);
}

arrow::Result<bool> TierTable::HasBelow(int64_t boundary) {
  ARROW_ASSIGN_OR_RAISE(const Session session, Open());
  ARROW_ASSIGN_OR_RAISE(
      const int64_t found,
      Number(*session.connection, "SELECT 1 FROM " + table_ + " WHERE " + column_ +
                                      " < " + Constant(boundary) + " LIMIT 1"));
  return found == 1;
}

arrow::Result<int64_t> TierTable::BoundaryKeeping(int64_t keep) {
  ARROW_ASSIGN_OR_RAISE(const Session session, Open());
  // Rows without a time stay, whatever they count. Rows of one second leave together.
  ARROW_ASSIGN_OR_RAISE(
      const int64_t last,
      Number(*session.connection, "SELECT " + SecondInSql(type_, column_) + " FROM " +
                                      table_ + " WHERE " + column_ +
                                      " IS NOT NULL ORDER BY 1 DESC LIMIT 1 OFFSET " +
                                      std::to_string(keep)));
  if (last == kNoBoundary) return kNoBoundary;
  const int64_t next = last + (type_ == "DATE" ? int64_t{86'400} : int64_t{1});
  return BoundaryAtOrBefore(type_, next);
}

arrow::Result<int64_t> TierTable::Move(int64_t boundary) {
  ARROW_ASSIGN_OR_RAISE(const Session session, Open());
  engine::Connection& connection = *session.connection;
  ARROW_RETURN_NOT_OK(connection.Begin(/*for_changes=*/true));
  const auto change = [&]() -> arrow::Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(const auto deleted,
                          connection.Run("DELETE FROM " + table_ + " WHERE " + column_ +
                                         " < " + Constant(boundary)));
    ARROW_RETURN_NOT_OK(connection.Run(
        "UPDATE " + TiersIn(database_) +
        " SET boundary = " + QuoteText(BoundaryText(type_, boundary)) +
        ", boundary_second = " + std::to_string(boundary) + WhereIs(what_.table)));
    ARROW_RETURN_NOT_OK(connection.Commit());
    return deleted->rows_changed().value_or(0);
  };
  auto deleted = change();
  if (connection.InTransaction()) (void)connection.Rollback();
  return deleted;
}

}  // namespace pintail::ingest
