// What validation costs a row of the ingest benchmark's shape: id int64, float double,
// int int64, str utf8, bool, timestamp[ns]; 47 bytes.
#include <memory>
#include <string>

#include "arrow/api.h"
#include "benchmark/benchmark.h"
#include "columnar/batch_reader.h"

namespace pintail::columnar {
namespace {

constexpr int64_t kRows = 65'536;

std::shared_ptr<arrow::RecordBatch> MakeBatch(const std::string& text) {
  arrow::Int64Builder id, number;
  arrow::DoubleBuilder real;
  arrow::StringBuilder str;
  arrow::BooleanBuilder flag;
  arrow::TimestampBuilder time(arrow::timestamp(arrow::TimeUnit::NANO),
                               arrow::default_memory_pool());
  for (int64_t i = 0; i < kRows; ++i) {
    (void)id.Append(i);
    (void)real.Append(static_cast<double>(i) * 0.5);
    (void)number.Append(i * 7919 % 1000);
    (void)str.Append(text + std::to_string(i));
    (void)flag.Append(i % 2 == 0);
    (void)time.Append(1'700'000'000'000'000'000 + i);
  }
  auto schema = arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("float_col", arrow::float64()),
       arrow::field("int_col", arrow::int64()), arrow::field("str_col", arrow::utf8()),
       arrow::field("bool_col", arrow::boolean()),
       arrow::field("timestamp_col", time.type())});
  return arrow::RecordBatch::Make(
      schema, kRows,
      {id.Finish().ValueOrDie(), real.Finish().ValueOrDie(), number.Finish().ValueOrDie(),
       str.Finish().ValueOrDie(), flag.Finish().ValueOrDie(),
       time.Finish().ValueOrDie()});
}

void CountRows(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kRows);
}

void OurCheck(benchmark::State& state, const char* text) {
  const auto batch = MakeBatch(text);
  for (auto _ : state) {
    const arrow::Status status = CheckBatch(*batch, Limits{});
    if (!status.ok()) state.SkipWithError(status.ToString());
  }
  CountRows(state);
}
BENCHMARK_CAPTURE(OurCheck, ascii, "str_");
BENCHMARK_CAPTURE(OurCheck, unicode, "strß");

void ArrowValidateFull(benchmark::State& state) {
  const auto batch = MakeBatch("str_");
  for (auto _ : state) {
    const arrow::Status status = batch->ValidateFull();
    if (!status.ok()) state.SkipWithError(status.ToString());
  }
  CountRows(state);
}
BENCHMARK(ArrowValidateFull);

}  // namespace
}  // namespace pintail::columnar
