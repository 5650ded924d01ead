// Figures that a monitoring system reads: counters, gauges and histograms with labels, in
// the Prometheus text format.
//
// One Metrics object per server (two servers in one process do not share figures). Asking
// for an instrument twice gives the same one. All of it is thread-safe; instruments live
// as long as the Metrics object.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pintail::base {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double by = 1) = 0;
  virtual double Value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by = 1) = 0;
  virtual double Value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class Metrics {
 public:
  // `prefix` is put before every name with "_" between: "pintail".
  explicit Metrics(std::string prefix);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& GetCounter(std::string_view name, std::string_view help, const Labels& = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& = {});
  // Buckets are upper bounds in ascending order; empty: LatencyBuckets().
  Histogram& GetHistogram(std::string_view name, std::string_view help,
                          const Labels& = {}, const std::vector<double>& buckets = {});

  // Called at the beginning of every Render, to refresh gauges that are cheaper to read
  // when asked for than to keep (memory, open sessions).
  void OnRender(std::function<void()> refresh);

  // All instruments in the Prometheus text exposition format, version 0.0.4.
  std::string Render();

  // 100 µs to 60 s, in seconds.
  static const std::vector<double>& LatencyBuckets();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Adds one to a gauge for as long as it lives.
class GaugeScope {
 public:
  explicit GaugeScope(Gauge& gauge) : gauge_(&gauge) { gauge_->Add(1); }
  GaugeScope(GaugeScope&& other) noexcept : gauge_(other.gauge_) {
    other.gauge_ = nullptr;
  }
  GaugeScope& operator=(GaugeScope&&) = delete;
  ~GaugeScope() {
    if (gauge_) gauge_->Add(-1);
  }

 private:
  Gauge* gauge_;
};

}  // namespace pintail::base
