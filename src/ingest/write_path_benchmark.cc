// How fast batches get into a new in-memory table, beside what DuckDB's insert alone
// does.
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "columnar/testing/sample_batches.h"
#include "engine/database.h"
#include "ingest/write_path.h"

namespace pintail::ingest {
namespace {

constexpr int64_t kRows = 1'000'000;

std::shared_ptr<arrow::RecordBatchReader> InBatchesOf(int64_t rows) {
  static const auto all = columnar::testing::ServiceRows(kRows);
  arrow::RecordBatchVector batches;
  for (int64_t from = 0; from < kRows; from += rows)
    batches.push_back(all->Slice(from, rows));
  return *arrow::RecordBatchReader::Make(std::move(batches));
}

// A write path to a new database in memory.
struct World {
  const base::SystemClock clock;
  base::Timers timers{clock};
  catalog::Streams streams{clock, {}, {}};
  WritePath path{streams, nullptr, clock, timers, {}};
  const std::unique_ptr<engine::Database> database = *engine::Database::Open({});
  const std::unique_ptr<engine::Connection> connection = *database->Connect();
  const base::CallContext call{{.request_id = "r", .protocol = "internal"}};

  arrow::Result<Outcome> Ingest(const Order& order,
                                std::shared_ptr<arrow::RecordBatchReader> batches) {
    return path.Ingest(call, *connection, order, std::move(batches), {});
  }
};

void Ingest(benchmark::State& state) {
  World world;
  Order order = *world.path.OrderFor("t", {});
  order.mode = Mode::kReplace;
  for (auto _ : state) {
    const auto outcome = world.Ingest(order, InBatchesOf(state.range(0)));
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
    (void)connection->CreateTable({.table = "t"}, *reader->schema(), false, true, false);
    const auto rows = connection->Insert({.table = "t"}, reader);
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
  World world;
  const Order order = *world.path.OrderFor("t", {});
  const auto row = columnar::testing::ServiceRows(kRows)->Slice(0, 1);
  for (auto _ : state) {
    const auto outcome = world.Ingest(order, *arrow::RecordBatchReader::Make({row}));
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
    benchmark::DoNotOptimize(connection->TableSchema({.table = "t"}));
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
