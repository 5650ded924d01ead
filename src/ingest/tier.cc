#include "ingest/tier.h"

#include <algorithm>
#include <array>
#include <format>
#include <limits>
#include <utility>

#include "arrow/array.h"
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

constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
constexpr int64_t kDay = 86'400;

// What a boundary can be in. Others have fractions of a second that sources round.
constexpr std::array kTypes = {"BIGINT",       "TIMESTAMP", "TIMESTAMP_S",
                               "TIMESTAMP_MS", "DATE",      "TIMESTAMP WITH TIME ZONE"};

std::string TiersIn(engine::Database& database) {
  return QuoteName({.catalog = database.tails().database(),
                    .schema = "pintail_journal",
                    .table = "tiers"});
}

// Whether a value that is not NULL is below `limit` seconds, in `per_second` parts.
template <typename Array>
bool HasBelow(const arrow::Array& array, int64_t limit, int64_t per_second) {
  const auto& values = static_cast<const Array&>(array);
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    // Towards the past, as whole seconds count.
    const int64_t value = values.Value(i);
    const int64_t second =
        value / per_second - (value % per_second < 0 ? int64_t{1} : int64_t{0});
    if (second < limit) return true;
  }
  return false;
}

int64_t PerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      break;
  }
  return 1'000'000'000;
}

bool HasBelow(const arrow::Array& array, int64_t limit) {
  switch (array.type_id()) {
    case arrow::Type::INT64:
      return HasBelow<arrow::Int64Array>(array, limit, 1'000'000'000);
    case arrow::Type::TIMESTAMP:
      return HasBelow<arrow::TimestampArray>(
          array, limit,
          PerSecond(static_cast<const arrow::TimestampType&>(*array.type()).unit()));
    case arrow::Type::DATE32: {
      const auto& days = static_cast<const arrow::Date32Array&>(array);
      for (int64_t i = 0; i < days.length(); ++i) {
        if (!days.IsNull(i) && days.Value(i) * kDay < limit) return true;
      }
      return false;
    }
    default:
      return true;  // nobody knows
  }
}

}  // namespace

arrow::Result<std::unique_ptr<Tier>> Tier::Open(const Ground& ground) {
  std::unique_ptr<Tier> tier(new Tier(ground));
  tier->boundary_ = kNone;
  tier->mark_ = kNone;
  ARROW_RETURN_NOT_OK(tier->Register());
  return tier;
}

arrow::Status Tier::Register() {
  engine::Database& database = ground_.database;
  ARROW_ASSIGN_OR_RAISE(const auto connection, database.Connect());
  const auto acting = database.tails().ActAsServer(*connection);
  const std::string tiers = TiersIn(database);
  const WriteThrough& what = ground_.shipper.what();
  ARROW_RETURN_NOT_OK(connection->Run(
      "CREATE TABLE IF NOT EXISTS " + tiers +
      " (table_schema VARCHAR, table_name VARCHAR, source VARCHAR, source_schema "
      "VARCHAR, source_table VARCHAR, column_name VARCHAR, boundary VARCHAR, "
      "boundary_second BIGINT)"));
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(*connection,
                        "SELECT source, source_schema, source_table, column_name, "
                        "boundary_second FROM " +
                            tiers +
                            " WHERE lower(table_schema) = lower($1) AND "
                            "lower(table_name) = lower($2)",
                        {what.table.schema, what.table.table}));
  if (!rows.empty()) {
    const engine::TableName before{.catalog = rows[0][0].value_or(""),
                                   .schema = rows[0][1].value_or(""),
                                   .table = rows[0][2].value_or("")};
    if (before != what.target || rows[0][3].value_or("") != retention().column) {
      return base::MakeError(ErrorKind::kInvalidArgument, "the older rows of the table ",
                             QuoteName(what.table), " are in ", QuoteName(before),
                             " by the column \"", rows[0][3].value_or(""),
                             "\", and the configuration now names ",
                             QuoteName(what.target), " and \"", retention().column,
                             "\"; set write_through and retain_column back");
    }
    if (rows[0][4]) boundary_ = std::stoll(*rows[0][4]);
    mark_ = boundary_;
    return arrow::Status::OK();
  }
  const auto found = catalog::TextRows(
      *connection, "SELECT 1 FROM " + QuoteName(what.table) + " LIMIT 1");
  if (found.ok() && !found->empty()) {
    return base::MakeError(
        ErrorKind::kInvalidArgument, "the table ", QuoteName(what.table),
        " has rows already, and nobody knows which of them ", QuoteName(what.target),
        " has, so they cannot be left to it; take retain off its stream, or begin with "
        "an empty table");
  }
  if (!found.ok() && base::KindOf(found.status()) != ErrorKind::kNotFound) {
    return found.status();
  }
  return connection
      ->Run("INSERT INTO " + tiers + " VALUES (" + QuoteText(what.table.schema) + ", " +
            QuoteText(what.table.table) + ", " + QuoteText(what.target.catalog) + ", " +
            QuoteText(what.target.schema) + ", " + QuoteText(what.target.table) + ", " +
            QuoteText(retention().column) + ", NULL, NULL)")
      .status();
}

void Tier::Start() {
  const auto interval = std::clamp<std::chrono::milliseconds>(
      retention().age / 20, std::chrono::milliseconds(250), std::chrono::minutes(1));
  alarm_ = ground_.timers.Every(interval, [this] {
    {
      const std::lock_guard lock(mutex_);
      nudged_ = true;
    }
    changed_.notify_one();
  });
  thread_ = std::thread([this] { Run(); });
}

void Tier::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  alarm_.reset();
  if (thread_.joinable()) thread_.join();
}

void Tier::Run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return nudged_ || stopping_; });
      if (stopping_) return;
      nudged_ = false;
    }
    const arrow::Status status = Step();
    if (status.ok() || status.message() == last_error_) continue;
    last_error_ = status.message();
    ground_.log.Warn("older rows cannot be left to their source now; it is tried again",
                     {{"table", QuoteName(ground_.shipper.what().table)},
                      {"error", status.message()}});
  }
}

arrow::Status Tier::ReadType() {
  ARROW_ASSIGN_OR_RAISE(const auto connection, ground_.database.Connect());
  const engine::TableName& table = ground_.shipper.what().table;
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(*connection,
                        "SELECT data_type FROM duckdb_columns() WHERE database_name = $1 "
                        "AND lower(schema_name) = lower($2) AND lower(table_name) = "
                        "lower($3) AND lower(column_name) = lower($4)",
                        {ground_.database.tails().database(), table.schema, table.table,
                         retention().column}));
  if (rows.empty()) return arrow::Status::OK();
  const std::string type = rows[0][0].value_or("");
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "retain_column = \"",
                           retention().column, "\" of ", QuoteName(table), " is ", type,
                           ", and rows are retained by BIGINT, TIMESTAMP, TIMESTAMP_S, "
                           "TIMESTAMP_MS, TIMESTAMP WITH TIME ZONE or DATE");
  }
  type_ = type;
  return arrow::Status::OK();
}

arrow::Status Tier::Step() {
  if (type_.empty()) ARROW_RETURN_NOT_OK(ReadType());
  if (type_.empty()) return arrow::Status::OK();
  if (mark_ == boundary_) {
    const auto now = ground_.clock.WallNow().time_since_epoch();
    int64_t wanted =
        std::chrono::floor<std::chrono::seconds>(now - retention().age).count();
    if (type_ == "DATE") wanted -= ((wanted % kDay) + kDay) % kDay;
    if (wanted <= boundary_) return arrow::Status::OK();
    // In this order: a record that is published after the position is read belongs to a
    // put that sees the mark.
    mark_ = wanted;
    wanted_ = ground_.published();
  }
  if (ground_.shipper.sent() < wanted_) return arrow::Status::OK();
  return Move(mark_);
}

std::string Tier::TextOf(int64_t boundary) const {
  if (type_ == "BIGINT") return std::to_string(boundary * 1'000'000'000);
  const std::chrono::sys_seconds second{std::chrono::seconds(boundary)};
  if (type_ == "DATE") return std::format("{:%F}", second);
  return std::format("{:%F %T}", second) +
         (type_ == "TIMESTAMP WITH TIME ZONE" ? "+00" : "");
}

arrow::Status Tier::Move(int64_t boundary) {
  engine::Database& database = ground_.database;
  ARROW_ASSIGN_OR_RAISE(const auto connection, database.Connect());
  const auto acting = database.tails().ActAsServer(*connection);
  const engine::TableName& table = ground_.shipper.what().table;
  const std::string text = QuoteText(TextOf(boundary));
  ARROW_RETURN_NOT_OK(connection->Begin(/*for_changes=*/true));
  const auto change = [&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(connection->Run("DELETE FROM " + QuoteName(table) + " WHERE " +
                                        QuoteName(retention().column) + " < CAST(" +
                                        text + " AS " + type_ + ")"));
    ARROW_RETURN_NOT_OK(connection->Run(
        "UPDATE " + TiersIn(database) + " SET boundary = " + text +
        ", boundary_second = " + std::to_string(boundary) +
        " WHERE lower(table_schema) = lower(" + QuoteText(table.schema) +
        ") AND lower(table_name) = lower(" + QuoteText(table.table) + ")"));
    return connection->Commit();
  };
  const arrow::Status changed = change();
  if (connection->InTransaction()) (void)connection->Rollback();
  ARROW_RETURN_NOT_OK(changed);
  boundary_ = boundary;
  last_error_.clear();
  return arrow::Status::OK();
}

bool Tier::IsLate(const arrow::RecordBatchVector& rows) const {
  const int64_t mark = mark_;
  if (mark == kNone) return false;
  const std::string column = base::LowerCase(retention().column);
  return std::ranges::any_of(rows, [&](const auto& batch) {
    for (int i = 0; i < batch->num_columns(); ++i) {
      if (base::LowerCase(batch->column_name(i)) != column) continue;
      if (HasBelow(*batch->column(i), mark)) return true;
    }
    return false;
  });
}

}  // namespace pintail::ingest
