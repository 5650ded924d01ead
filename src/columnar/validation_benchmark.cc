// What validation costs a row.
#include "benchmark/benchmark.h"
#include "columnar/batch_reader.h"
#include "columnar/testing/sample_batches.h"

namespace pintail::columnar {
namespace {

constexpr int64_t kRows = 65'536;

void CountRows(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kRows);
}

void OurCheck(benchmark::State& state, const char* text) {
  const auto batch = testing::ServiceRows(kRows, text);
  for (auto _ : state) {
    const arrow::Status status = CheckBatch(*batch, Limits{});
    if (!status.ok()) state.SkipWithError(status.ToString());
  }
  CountRows(state);
}
BENCHMARK_CAPTURE(OurCheck, ascii, "str_");
BENCHMARK_CAPTURE(OurCheck, unicode, "strß");

void ArrowValidateFull(benchmark::State& state) {
  const auto batch = testing::ServiceRows(kRows);
  for (auto _ : state) {
    const arrow::Status status = batch->ValidateFull();
    if (!status.ok()) state.SkipWithError(status.ToString());
  }
  CountRows(state);
}
BENCHMARK(ArrowValidateFull);

}  // namespace
}  // namespace pintail::columnar
