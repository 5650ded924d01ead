// A thin layer over prometheus-cpp, so that no other file sees its headers and each
// server has its own registry.
#include "base/metrics.h"

#include <mutex>
#include <utility>

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace pintail::base {
namespace {

class RegisteredCounter final : public Counter {
 public:
  explicit RegisteredCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double by) override { counter_.Increment(by); }
  double Value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class RegisteredGauge final : public Gauge {
 public:
  explicit RegisteredGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }
  void Add(double by) override { gauge_.Increment(by); }
  double Value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class RegisteredHistogram final : public Histogram {
 public:
  explicit RegisteredHistogram(prometheus::Histogram& histogram)
      : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

}  // namespace

struct Metrics::State {
  using Key = std::pair<std::string, Labels>;

  std::string FullName(std::string_view name) const {
    std::string full = prefix;
    if (!full.empty()) full.push_back('_');
    return full.append(name);
  }

  const std::string prefix;
  prometheus::Registry registry;  // locks itself

  std::mutex mutex;
  // Protected by mutex; entries are never removed.
  std::map<Key, std::unique_ptr<Counter>> counters;
  std::map<Key, std::unique_ptr<Gauge>> gauges;
  std::map<Key, std::unique_ptr<Histogram>> histograms;
  std::vector<std::function<void()>> refreshers;
};

Metrics::Metrics(std::string prefix)
    : state_(std::make_unique<State>(std::move(prefix))) {}
Metrics::~Metrics() = default;

Counter& Metrics::GetCounter(std::string_view name, std::string_view help,
                             const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  auto& counter = state_->counters[{std::string(name), labels}];
  if (!counter) {
    auto& family = prometheus::BuildCounter()
                       .Name(state_->FullName(name))
                       .Help(std::string(help))
                       .Register(state_->registry);
    counter = std::make_unique<RegisteredCounter>(family.Add(labels));
  }
  return *counter;
}

Gauge& Metrics::GetGauge(std::string_view name, std::string_view help,
                         const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  auto& gauge = state_->gauges[{std::string(name), labels}];
  if (!gauge) {
    auto& family = prometheus::BuildGauge()
                       .Name(state_->FullName(name))
                       .Help(std::string(help))
                       .Register(state_->registry);
    gauge = std::make_unique<RegisteredGauge>(family.Add(labels));
  }
  return *gauge;
}

Histogram& Metrics::GetHistogram(std::string_view name, std::string_view help,
                                 const Labels& labels,
                                 const std::vector<double>& buckets) {
  std::lock_guard lock(state_->mutex);
  auto& histogram = state_->histograms[{std::string(name), labels}];
  if (!histogram) {
    auto& family = prometheus::BuildHistogram()
                       .Name(state_->FullName(name))
                       .Help(std::string(help))
                       .Register(state_->registry);
    histogram = std::make_unique<RegisteredHistogram>(
        family.Add(labels, buckets.empty() ? LatencyBuckets() : buckets));
  }
  return *histogram;
}

void Metrics::OnRender(std::function<void()> refresh) {
  std::lock_guard lock(state_->mutex);
  state_->refreshers.push_back(std::move(refresh));
}

std::string Metrics::Render() {
  std::vector<std::function<void()>> refreshers;
  {
    std::lock_guard lock(state_->mutex);
    refreshers = state_->refreshers;
  }
  // Outside the lock: a refresher asks for instruments.
  for (const auto& refresh : refreshers) refresh();
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

const std::vector<double>& Metrics::LatencyBuckets() {
  static const std::vector<double> kBuckets = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30,    60};
  return kBuckets;
}

}  // namespace pintail::base
