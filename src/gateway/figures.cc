#include "gateway/figures.h"

#include "base/error.h"

namespace pintail::gateway {
namespace {

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Figures::Figures(base::Metrics& metrics)
    : metrics_(metrics),
      served_(metrics.GetCounter("statements_total", "Statements by verb and outcome.",
                                 {{"verb", "SELECT"}, {"status", "ok"}})),
      rows_returned_(metrics.GetCounter("rows_returned_total",
                                        "Rows that clients have read from results.")),
      running_(metrics.GetGauge("running_statements", "Statements that run now.")),
      running_ingests_(metrics.GetGauge("running_ingests", "Ingests that run now.")),
      sessions_(metrics.GetGauge("sessions_open", "Open sessions.")),
      prepared_(metrics.GetGauge("prepared_open", "Open prepared statements.")),
      parked_(metrics.GetGauge("parked_open", "Results that wait to be fetched.")),
      parked_bytes_(
          metrics.GetGauge("parked_bytes", "Memory that the rows of such results take.")),
      transactions_(metrics.GetGauge("transactions_open", "Open transactions.")),
      sessions_evicted_(metrics.GetCounter("sessions_evicted_total",
                                           "Idle sessions that gave way to new ones.")),
      parked_evicted_(metrics.GetCounter("parked_evicted_total",
                                         "Unread results that gave way to new ones.")) {}

void Figures::Served(int64_t rows) {
  served_.Add();
  if (rows > 0) RowsReturned(rows);
}

void Figures::StatementEnded(const std::string& verb, const arrow::Status& status,
                             std::chrono::nanoseconds duration) {
  const std::string outcome =
      status.ok() ? "ok" : std::string(base::ErrorKindName(base::KindOf(status)));
  metrics_
      .GetCounter("statements_total", "Statements by verb and outcome.",
                  {{"verb", verb}, {"status", outcome}})
      .Add();
  metrics_
      .GetHistogram("statement_seconds",
                    "From the arrival of a statement to its last row, in seconds.",
                    {{"verb", verb}})
      .Observe(Seconds(duration));
  if (!status.ok()) {
    metrics_
        .GetCounter("errors_total", "Failed statements by kind of error.",
                    {{"kind", outcome}})
        .Add();
  }
}

void Figures::IngestEnded(const std::string& stream, std::chrono::nanoseconds duration) {
  metrics_
      .GetHistogram("ingest_latency_seconds",
                    "From the first batch of an ingest to its end, in seconds.",
                    {{"stream", LabelOf(stream)}})
      .Observe(Seconds(duration));
}

void Figures::Ingested(const std::string& stream, int64_t rows, int64_t bytes) {
  const base::Labels labels = {{"stream", LabelOf(stream)}};
  metrics_
      .GetCounter("rows_processed_total", "Rows taken in and committed, by stream.",
                  labels)
      .Add(static_cast<double>(rows));
  metrics_
      .GetCounter("ingest_bytes_total", "Bytes of Arrow data taken in, by stream.",
                  labels)
      .Add(static_cast<double>(bytes));
}

std::string Figures::LabelOf(const std::string& stream) {
  std::lock_guard lock(mutex_);
  if (stream_labels_.contains(stream)) return stream;
  if (stream_labels_.size() >= kMaxStreamLabels) return "other";
  stream_labels_.insert(stream);
  return stream;
}

}  // namespace pintail::gateway
