// What a record costs on this machine's disk (that of TMPDIR): large ones by the byte,
// small ones by the record and by how many callers there are.
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "base/call_context.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "benchmark/benchmark.h"
#include "columnar/testing/sample_batches.h"
#include "journal/checksum.h"
#include "journal/journal.h"
#include "journal/record_codec.h"
#include "journal/testing/journal_home.h"

namespace pintail::journal {
namespace {

Record RowsOf(int64_t rows) {
  const auto batch = columnar::testing::ServiceRows(rows);
  return {
      .table = R"("memory"."main"."t")", .schema = batch->schema(), .batches = {batch}};
}

int64_t BytesOf(const Record& record) {
  return EncodedRecord::Of(record).ValueOrDie().record_bytes();
}

// A journal on the machine's own clock and files, in a folder of its own.
class RunningJournal {
 public:
  RunningJournal() {
    Journal::Options options = {.folder = home_.folder};
    const Ground ground = {*files_, timers_, clock_, home_.logs->For("journal")};
    journal_ = Journal::Open(options, ground, [](Position, Record) {
                 return arrow::Status::OK();
               }).ValueOrDie();
  }

  void Append(const Record& record, Durability durability) {
    const base::CallContext call({});
    const auto position = journal_->Append(call, record, durability, nullptr);
    if (!position.ok()) position.status().Abort();
    if (*position % 16 == 0) journal_->Release(*position);
  }

  Figures figures() const { return journal_->figures(); }

 private:
  testing::JournalHome home_;
  const std::unique_ptr<Files> files_ = MakeSystemFiles();
  const base::SystemClock clock_;
  base::Timers timers_{clock_};
  std::unique_ptr<Journal> journal_;
};

void ChecksumOfAMebibyte(benchmark::State& state) {
  const std::string bytes(1 << 20, 'x');
  const std::span span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  for (auto _ : state) benchmark::DoNotOptimize(Checksum(span));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(ChecksumOfAMebibyte);

// What the caller's thread does.
void EncodeRows(benchmark::State& state) {
  const Record record = RowsOf(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(EncodedRecord::Of(record));
  state.SetBytesProcessed(state.iterations() * BytesOf(record));
}
BENCHMARK(EncodeRows)->Arg(1)->Arg(65'536)->Arg(1'000'000);

void LargeRecords(benchmark::State& state, Durability durability) {
  const Record record = RowsOf(state.range(0));
  RunningJournal journal;
  for (auto _ : state) journal.Append(record, durability);
  state.SetBytesProcessed(state.iterations() * BytesOf(record));
  state.counters["record_bytes"] = static_cast<double>(BytesOf(record));
}
BENCHMARK_CAPTURE(LargeRecords, sync, Durability::kSync)
    ->Arg(65'536)
    ->Arg(1'000'000)
    ->UseRealTime();
BENCHMARK_CAPTURE(LargeRecords, none, Durability::kNone)
    ->Arg(65'536)
    ->Arg(1'000'000)
    ->UseRealTime();

std::unique_ptr<RunningJournal> shared_journal;

void OneRow(benchmark::State& state, Durability durability) {
  static const Record record = RowsOf(1);
  const auto begin = std::chrono::steady_clock::now();
  const int64_t records_before = shared_journal->figures().records;
  for (auto _ : state) shared_journal->Append(record, durability);
  if (state.thread_index() != 0) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const Figures figures = shared_journal->figures();
  // Of all threads together; the time is what one record takes its caller.
  state.counters["records_per_s"] =
      static_cast<double>(figures.records - records_before) / took.count();
  state.counters["records_per_group"] =
      static_cast<double>(figures.records) / static_cast<double>(figures.groups);
  if (figures.syncs.count > 0) {
    state.counters["sync_ms"] = static_cast<double>(figures.syncs.sum.count()) /
                                static_cast<double>(figures.syncs.count) / 1e6;
  }
}
void Begin(const benchmark::State&) {
  shared_journal = std::make_unique<RunningJournal>();
}
void End(const benchmark::State&) { shared_journal = nullptr; }
BENCHMARK_CAPTURE(OneRow, sync, Durability::kSync)
    ->Setup(Begin)
    ->Teardown(End)
    ->Threads(1)
    ->Threads(8)
    ->Threads(32)
    ->UseRealTime();
BENCHMARK_CAPTURE(OneRow, none, Durability::kNone)
    ->Setup(Begin)
    ->Teardown(End)
    ->Threads(1)
    ->Threads(8)
    ->Threads(32)
    ->UseRealTime();

}  // namespace
}  // namespace pintail::journal
