// How fast batches get into a new in-memory table, beside what DuckDB's insert alone
// does. Rows are the shape a6 of the benchmarks: int64, double, int64, "str_N", bool,
// timestamp.
#include <memory>
#include <string>
#include <vector>

#include "arrow/array.h"
#include "arrow/builder.h"
#include "benchmark/benchmark.h"
#include "engine/database.h"
#include "ingest/write_path.h"

namespace pintail::ingest {
namespace {

constexpr int64_t kRows = 1'000'000;

std::shared_ptr<arrow::RecordBatch> MakeRows() {
  arrow::Int64Builder id, number;
  arrow::DoubleBuilder fraction;
  arrow::StringBuilder text;
  arrow::BooleanBuilder truth;
  arrow::TimestampBuilder time(arrow::timestamp(arrow::TimeUnit::NANO),
                               arrow::default_memory_pool());
  for (int64_t i = 0; i < kRows; ++i) {
    (void)id.Append(i);
    (void)fraction.Append(static_cast<double>(i) * 0.5);
    (void)number.Append(i * 7919 % 1'000'003);
    (void)text.Append("str_" + std::to_string(i));
    (void)truth.Append(i % 3 == 0);
    (void)time.Append(1'700'000'000'000'000'000 + i * 1'000);
  }
  const auto schema = arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("float_col", arrow::float64()),
       arrow::field("int_col", arrow::int64()), arrow::field("str_col", arrow::utf8()),
       arrow::field("bool_col", arrow::boolean()),
       arrow::field("timestamp_col", time.type())});
  return arrow::RecordBatch::Make(schema, kRows,
                                  {*id.Finish(), *fraction.Finish(), *number.Finish(),
                                   *text.Finish(), *truth.Finish(), *time.Finish()});
}

std::shared_ptr<arrow::RecordBatchReader> InBatchesOf(int64_t rows) {
  static const auto all = MakeRows();
  arrow::RecordBatchVector batches;
  for (int64_t from = 0; from < kRows; from += rows)
    batches.push_back(all->Slice(from, rows));
  return *arrow::RecordBatchReader::Make(std::move(batches));
}

void Ingest(benchmark::State& state) {
  const base::SystemClock clock;
  base::Timers timers(clock);
  catalog::Streams streams(clock, {}, {});
  WritePath path(streams, clock, timers);
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  const base::CallContext call({.request_id = "",
                                .identity = "",
                                .peer = "",
                                .protocol = "internal",
                                .method = "",
                                .deadline = std::nullopt});
  Order order = *path.OrderFor("t", {});
  order.mode = Mode::kReplace;
  for (auto _ : state) {
    const auto outcome =
        path.Ingest(call, *connection, order, InBatchesOf(state.range(0)), {});
    if (!outcome.ok()) state.SkipWithError(outcome.status().ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(Ingest)
    ->Arg(2'048)
    ->Arg(65'536)
    ->Arg(122'880)
    ->Arg(kRows)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void InsertAlone(benchmark::State& state) {
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  for (auto _ : state) {
    const auto reader = InBatchesOf(state.range(0));
    (void)connection->CreateTable({.catalog = "", .schema = "", .table = "t"},
                                  *reader->schema(), false, true, false);
    const auto rows =
        connection->Insert({.catalog = "", .schema = "", .table = "t"}, reader);
    if (!rows.ok()) state.SkipWithError(rows.status().ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(InsertAlone)
    ->Arg(65'536)
    ->Arg(122'880)
    ->Arg(kRows)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void IngestOneRow(benchmark::State& state) {
  const base::SystemClock clock;
  base::Timers timers(clock);
  catalog::Streams streams(clock, {}, {});
  WritePath path(streams, clock, timers);
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  const base::CallContext call({.request_id = "",
                                .identity = "",
                                .peer = "",
                                .protocol = "internal",
                                .method = "",
                                .deadline = std::nullopt});
  const Order order = *path.OrderFor("t", {});
  const auto row = MakeRows()->Slice(0, 1);
  for (auto _ : state) {
    const auto outcome =
        path.Ingest(call, *connection, order, *arrow::RecordBatchReader::Make({row}), {});
    if (!outcome.ok()) state.SkipWithError(outcome.status().ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(IngestOneRow);

void RunSelect(benchmark::State& state) {
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        connection->Run("SELECT current_database(), current_schema()"));
  }
}
BENCHMARK(RunSelect);

void ReadTableSchema(benchmark::State& state) {
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  (void)connection->Run("CREATE TABLE t (a BIGINT, b DOUBLE, c VARCHAR)");
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        connection->TableSchema({.catalog = "", .schema = "", .table = "t"}));
  }
}
BENCHMARK(ReadTableSchema);

void BeginAndCommit(benchmark::State& state) {
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  for (auto _ : state) {
    (void)connection->Begin();
    (void)connection->Commit();
  }
}
BENCHMARK(BeginAndCommit);

void ForkAConnection(benchmark::State& state) {
  const auto database = *engine::Database::Open({});
  const auto connection = *database->Connect();
  for (auto _ : state) benchmark::DoNotOptimize(*connection->Fork());
}
BENCHMARK(ForkAConnection);

}  // namespace
}  // namespace pintail::ingest
