// What a row costs in each format.
#include "arrow/io/interfaces.h"
#include "benchmark/benchmark.h"
#include "columnar/batch_writer.h"
#include "columnar/testing/sample_batches.h"

namespace pintail::columnar {
namespace {

constexpr int64_t kRows = 65'536;

// Takes everything and keeps nothing.
class Sink final : public arrow::io::OutputStream {
 public:
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void*, int64_t nbytes) override {
    position_ += nbytes;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }

 private:
  int64_t position_ = 0;
};

void WriteBatches(benchmark::State& state, Format format) {
  const auto batch = testing::ServiceRows(kRows);
  Sink sink;
  auto writer = MakeBatchWriter(format, batch->schema(), &sink).ValueOrDie();
  for (auto _ : state) {
    const arrow::Status status = writer->Write(*batch);
    if (!status.ok()) state.SkipWithError(status.ToString());
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(sink.Tell().ValueOrDie());
}
BENCHMARK_CAPTURE(WriteBatches, ndjson, Format::kNdjson);
BENCHMARK_CAPTURE(WriteBatches, json, Format::kJson);
BENCHMARK_CAPTURE(WriteBatches, csv, Format::kCsv);
BENCHMARK_CAPTURE(WriteBatches, arrow, Format::kArrowStream);
BENCHMARK_CAPTURE(WriteBatches, parquet, Format::kParquet);

}  // namespace
}  // namespace pintail::columnar
