#include "engine/applied_puts.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/query_result.hpp"
#include "engine/duck_connection.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/insert.h"
#include "engine/tail_positions.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
namespace {

using std::chrono::microseconds;

TableName NameIn(const std::string& database) {
  return {.catalog = database, .schema = kJournalSchema, .table = "repeats"};
}

int64_t Microseconds(base::Clock::Wall time) {
  return std::chrono::floor<microseconds>(time.time_since_epoch()).count();
}

std::string TimeInSql(base::Clock::Wall time) {
  return "make_timestamp(" + std::to_string(Microseconds(time)) + ")";
}

}  // namespace

arrow::Result<std::vector<AppliedPut>> OpenAppliedPuts(duckdb::ClientContext& context,
                                                       const std::string& database,
                                                       base::Clock::Wall since,
                                                       int64_t most) {
  return Guarded([&]() -> arrow::Result<std::vector<AppliedPut>> {
    ARROW_RETURN_NOT_OK(MakeJournalTable(
        context, NameIn(database),
        R"(table_name VARCHAR, "key" VARCHAR, "rows" BIGINT, applied TIMESTAMP)"));
    ARROW_ASSIGN_OR_RAISE(
        auto rows,
        RunText(context, R"(SELECT table_name, "key", "rows", epoch_us(applied) FROM )" +
                             QuoteName(NameIn(database)) +
                             " WHERE applied >= " + TimeInSql(since) +
                             " ORDER BY applied DESC LIMIT " + std::to_string(most)));
    std::vector<AppliedPut> puts;
    while (const auto chunk = rows->Fetch()) {
      for (size_t row = 0; row < chunk->size(); ++row) {
        const auto text = [&](size_t column) {
          return chunk->GetValue(column, row).GetValue<std::string>();
        };
        const auto number = [&](size_t column) {
          return chunk->GetValue(column, row).GetValue<int64_t>();
        };
        puts.push_back({.table = text(0),
                        .key = text(1),
                        .rows = number(2),
                        .time = base::Clock::Wall(microseconds(number(3)))});
      }
    }
    std::ranges::reverse(puts);
    return puts;
  });
}

arrow::Status WriteAppliedPuts(duckdb::ClientContext& context,
                               const std::string& database,
                               const std::vector<const AppliedPut*>& puts) {
  if (puts.empty()) return arrow::Status::OK();
  arrow::StringBuilder tables;
  arrow::StringBuilder keys;
  arrow::Int64Builder rows;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO),
                                arrow::default_memory_pool());
  for (const AppliedPut* put : puts) {
    ARROW_RETURN_NOT_OK(tables.Append(put->table));
    ARROW_RETURN_NOT_OK(keys.Append(put->key));
    ARROW_RETURN_NOT_OK(rows.Append(put->rows));
    ARROW_RETURN_NOT_OK(times.Append(Microseconds(put->time)));
  }
  arrow::ArrayVector columns(4);
  ARROW_RETURN_NOT_OK(tables.Finish(&columns[0]));
  ARROW_RETURN_NOT_OK(keys.Finish(&columns[1]));
  ARROW_RETURN_NOT_OK(rows.Finish(&columns[2]));
  ARROW_RETURN_NOT_OK(times.Finish(&columns[3]));
  const auto schema = arrow::schema(
      {arrow::field("table_name", arrow::utf8()), arrow::field("key", arrow::utf8()),
       arrow::field("rows", arrow::int64()), arrow::field("applied", times.type())});
  auto batch = arrow::RecordBatch::Make(schema, static_cast<int64_t>(puts.size()),
                                        std::move(columns));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        arrow::RecordBatchReader::Make({std::move(batch)}, schema));
  return InsertBatches(context, NameIn(database), *reader).status();
}

arrow::Result<std::vector<AppliedPut>> TailStore::OpenPuts(base::Clock::Wall since,
                                                           int64_t most) {
  duckdb::Connection connection(*database_);
  return OpenAppliedPuts(*connection.context, main_name(), since, most);
}

arrow::Status TailStore::WritePut(Connection& connection, const AppliedPut& put) {
  auto& context = static_cast<DuckConnection&>(connection).context();
  return TailSnapshot::Of(context)->WritePut(context, put);
}

arrow::Status TailStore::ForgetPuts(base::Clock::Wall before) {
  const ChangeUnderWay change(data_version_);
  return Guarded([&]() -> arrow::Status {
    duckdb::Connection connection(*database_);
    return RunText(*connection.context, "DELETE FROM " + QuoteName(NameIn(main_name())) +
                                            " WHERE applied < " + TimeInSql(before))
        .status();
  });
}

}  // namespace pintail::engine
