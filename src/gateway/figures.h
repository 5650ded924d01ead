// The gateway's metrics: names, labels and how many of them there may be, in one place.
// One per gateway; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "arrow/status.h"
#include "base/metrics.h"

namespace pintail::gateway {

class Figures {
 public:
  // Streams beyond this many are counted together as "other".
  static constexpr size_t kMaxStreamLabels = 1'000;

  explicit Figures(base::Metrics& metrics);

  void StatementEnded(const std::string& verb, const arrow::Status& status,
                      std::chrono::nanoseconds duration);
  // A query that was answered without running. Its time is none to speak of.
  void Served(int64_t rows);
  void RowsReturned(int64_t rows) { rows_returned_.Add(static_cast<double>(rows)); }
  void IngestEnded(const std::string& stream, std::chrono::nanoseconds duration);
  void Ingested(const std::string& stream, int64_t rows, int64_t bytes);

  void SessionGaveWay() { sessions_evicted_.Add(); }
  void ResultGaveWay() { parked_evicted_.Add(); }

  base::Gauge& running_statements() { return running_; }
  base::Gauge& running_ingests() { return running_ingests_; }
  base::Gauge& sessions_open() { return sessions_; }
  base::Gauge& prepared_open() { return prepared_; }
  base::Gauge& parked_open() { return parked_; }
  base::Gauge& parked_bytes() { return parked_bytes_; }
  base::Gauge& transactions_open() { return transactions_; }

 private:
  std::string LabelOf(const std::string& stream);

  base::Metrics& metrics_;
  base::Counter& served_;
  base::Counter& rows_returned_;
  base::Gauge& running_;
  base::Gauge& running_ingests_;
  base::Gauge& sessions_;
  base::Gauge& prepared_;
  base::Gauge& parked_;
  base::Gauge& parked_bytes_;
  base::Gauge& transactions_;
  base::Counter& sessions_evicted_;
  base::Counter& parked_evicted_;

  std::mutex mutex_;
  std::set<std::string> stream_labels_;  // protected by mutex_
};

}  // namespace pintail::gateway
