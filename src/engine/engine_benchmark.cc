// How fast rows go into the engine and come out of it as Arrow batches, in one process.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/table.h"
#include "arrow/util/byte_size.h"
#include "engine/connection.h"
#include "engine/database.h"

namespace pintail::engine {
namespace {

template <typename T>
T OrAbort(arrow::Result<T> result) {
  if (result.ok()) return *std::move(result);
  std::fputs(result.status().ToString().c_str(), stderr);
  std::abort();
}

struct Loaded {
  std::unique_ptr<Database> database;
  std::unique_ptr<Connection> connection;
};

Loaded Load(const std::string& sql) {
  Loaded loaded;
  loaded.database = OrAbort(Database::Open({}));
  loaded.connection = OrAbort(loaded.database->Connect());
  OrAbort(loaded.connection->Run(sql, {}, {.materialize = true}));
  return loaded;
}

void ReadAll(benchmark::State& state, const std::string& load, const std::string& sql,
             const ExecuteOptions& options = {}) {
  auto loaded = Load(load);
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t batches = 0;
  for (auto _ : state) {
    auto stream = OrAbort(loaded.connection->Run(sql, {}, options));
    std::shared_ptr<arrow::RecordBatch> batch;
    while (stream->ReadNext(&batch).ok() && batch) {
      rows += batch->num_rows();
      bytes += arrow::util::TotalBufferSize(*batch);
      ++batches;
    }
  }
  state.SetItemsProcessed(rows);
  state.SetBytesProcessed(bytes);
  state.counters["batches"] =
      static_cast<double>(batches) / static_cast<double>(state.iterations());
}

constexpr const char* kNum4 =
    "CREATE TABLE t AS SELECT i, i * 7 AS j, (hash(i) % 1000)::BIGINT AS k, i / 3.0e0 AS "
    "d "
    "FROM range(10000000) r(i)";

void Num4(benchmark::State& state) { ReadAll(state, kNum4, "SELECT * FROM t"); }
BENCHMARK(Num4)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void Num4Kept(benchmark::State& state) {
  ReadAll(state, kNum4, "SELECT * FROM t", {.materialize = true});
}
BENCHMARK(Num4Kept)->UseRealTime()->MeasureProcessCPUTime()->Unit(
    benchmark::kMillisecond);

// As DuckDB's data generator makes them, but for the words.
constexpr const char* kLineItem = R"(
CREATE TABLE t AS SELECT
  i // 4 AS l_orderkey, hash(i) % 200000 AS l_partkey, hash(i + 1) % 10000 AS l_suppkey,
  i % 7 AS l_linenumber, (i % 50)::DECIMAL(15, 2) AS l_quantity,
  ((hash(i) % 10000000) / 100)::DECIMAL(15, 2) AS l_extendedprice,
  ((i % 10) / 100)::DECIMAL(15, 2) AS l_discount, ((i % 8) / 100)::DECIMAL(15, 2) AS l_tax,
  ['A', 'N', 'R'][1 + i % 3] AS l_returnflag, ['O', 'F'][1 + i % 2] AS l_linestatus,
  DATE '1992-01-01' + (i % 2500)::INTEGER AS l_shipdate,
  DATE '1992-01-01' + (i % 2400)::INTEGER AS l_commitdate,
  DATE '1992-01-01' + (i % 2300)::INTEGER AS l_receiptdate,
  ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'][1 + i % 4]
    AS l_shipinstruct,
  ['TRUCK', 'MAIL', 'REG AIR', 'AIR', 'FOB', 'RAIL', 'SHIP'][1 + i % 7] AS l_shipmode,
  substr('carefully final deposits detect slyly agai quickly ironic', 1 + i % 20,
         10 + i % 33) AS l_comment
FROM range(6000000) r(i))";

void LineItem(benchmark::State& state) { ReadAll(state, kLineItem, "SELECT * FROM t"); }
BENCHMARK(LineItem)->UseRealTime()->MeasureProcessCPUTime()->Unit(
    benchmark::kMillisecond);

// Ids, doubles, words, a flag and a time: 47 bytes a row, in batches of `state.range(0)`.
void Insert(benchmark::State& state) {
  auto loaded = Load(
      "CREATE TABLE source AS SELECT i AS id, i / 3.0e0 AS float_col, "
      "i % 1000 AS int_col, 'str_' || i AS str_col, i % 2 = 0 AS bool_col, "
      "make_timestamp_ns(i * 1000) AS timestamp_col "
      "FROM range(1000000) r(i)");
  auto table =
      OrAbort(OrAbort(loaded.connection->Run("SELECT * FROM source"))->ToTable());
  table = OrAbort(table->CombineChunks());
  OrAbort(loaded.connection->Run("CREATE TABLE t AS SELECT * FROM source LIMIT 0"));
  for (auto _ : state) {
    auto reader = std::make_shared<arrow::TableBatchReader>(table);
    reader->set_chunksize(state.range(0));
    OrAbort(loaded.connection->Insert({.table = "t"}, reader));
    state.PauseTiming();
    OrAbort(loaded.connection->Run("CREATE OR REPLACE TABLE t AS FROM source LIMIT 0"));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * table->num_rows());
}
BENCHMARK(Insert)
    ->Arg(2'048)
    ->Arg(65'536)
    ->Arg(1'000'000)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void OneRow(benchmark::State& state) {
  ReadAll(state, "CREATE TABLE t AS SELECT 1 AS i", "SELECT * FROM t");
}
BENCHMARK(OneRow)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pintail::engine
