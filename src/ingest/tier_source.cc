#include "ingest/tier_source.h"

#include "base/error.h"
#include "catalog/text_rows.h"
#include "ingest/tier_time.h"

namespace pintail::ingest {
namespace {

using engine::QuoteName;
using engine::QuoteText;

// As information_schema has it.
std::string TypeThere(const std::string& type, bool is_postgres) {
  if (type == "BIGINT") return "bigint";
  if (type == "DATE") return "date";
  const bool has_zone = type == "TIMESTAMP WITH TIME ZONE";
  if (!is_postgres) return has_zone ? "timestamp" : "datetime";
  return has_zone ? "timestamp with time zone" : "timestamp without time zone";
}

}  // namespace

arrow::Status CheckSourceKeepsTimes(SourceLink& link, const engine::TableName& table,
                                    const std::string& column, const std::string& type) {
  ARROW_ASSIGN_OR_RAISE(engine::Connection* const connection, link.Connect());
  // DuckDB's types do not tell what these two make of a fraction.
  const bool is_postgres = link.type() == "postgres";
  if (!is_postgres && link.type() != "mysql") return arrow::Status::OK();
  const std::string question =
      "SELECT data_type, datetime_precision FROM information_schema.columns WHERE "
      "table_schema = " +
      QuoteText(table.schema) + " AND table_name = " + QuoteText(table.table) +
      " AND lower(column_name) = lower(" + QuoteText(column) + ")";
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(
          *connection, "SELECT * FROM " +
                           std::string(is_postgres ? "postgres_query(" : "mysql_query(") +
                           QuoteText(table.catalog) + ", " + QuoteText(question) + ")"));
  if (rows.empty()) return arrow::Status::OK();
  const std::string there = rows[0][0].value_or("");
  const std::string wanted = TypeThere(type, is_postgres);
  const int digits = type == "BIGINT" ? 0 : FractionDigits(type);
  const int kept = rows[0][1] ? std::stoi(*rows[0][1]) : 0;
  if (there == wanted && kept >= digits) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kInvalidArgument, "the column \"", column,
                         "\" of ", QuoteName(table), " is a ", there, " with ", kept,
                         " digits of a second's fraction, and for a ", type,
                         " here it has to be a ", wanted, " with ", digits,
                         ": it changes or rounds times, by which rows are told apart. "
                         "Nothing leaves; change "
                         "the column there");
}

}  // namespace pintail::ingest
