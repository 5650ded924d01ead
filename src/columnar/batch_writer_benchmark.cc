// What a row of six columns (int64, double, int64, utf8, bool, timestamp) costs in each
// format.
#include <memory>
#include <string>

#include "arrow/api.h"
#include "arrow/io/interfaces.h"
#include "benchmark/benchmark.h"
#include "columnar/batch_writer.h"

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

std::shared_ptr<arrow::RecordBatch> MakeBatch() {
  arrow::Int64Builder id, number;
  arrow::DoubleBuilder real;
  arrow::StringBuilder str;
  arrow::BooleanBuilder flag;
  arrow::TimestampBuilder time(arrow::timestamp(arrow::TimeUnit::NANO),
                               arrow::default_memory_pool());
  for (int64_t i = 0; i < kRows; ++i) {
    (void)id.Append(i);
    (void)real.Append(static_cast<double>(i) * 0.37);
    (void)number.Append(i * 7919 % 1000);
    (void)str.Append("str_" + std::to_string(i));
    (void)flag.Append(i % 2 == 0);
    (void)time.Append(1'700'000'000'000'000'000 + i * 1000);
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

void WriteBatches(benchmark::State& state, Format format) {
  const auto batch = MakeBatch();
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
