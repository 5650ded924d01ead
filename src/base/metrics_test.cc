#include "base/metrics.h"

#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, RendersInstrumentsWithPrefixHelpAndLabels) {
  Metrics metrics("pintail");
  metrics.GetCounter("rows_processed_total", "Rows ingested.", {{"stream", "s1"}})
      .Add(41);
  metrics.GetCounter("rows_processed_total", "Rows ingested.", {{"stream", "s1"}}).Add();
  metrics.GetGauge("active_connections", "Open connections.", {{"protocol", "rest"}})
      .Set(3);
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr("# HELP pintail_rows_processed_total Rows ingested.\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE pintail_rows_processed_total counter\n"));
  EXPECT_THAT(text, HasSubstr("pintail_rows_processed_total{stream=\"s1\"} 42\n"));
  EXPECT_THAT(text, HasSubstr("pintail_active_connections{protocol=\"rest\"} 3\n"));
}

TEST(Metrics, EscapesLabelValues) {
  Metrics metrics("p");
  metrics.GetCounter("n_total", "h", {{"stream", "a\"b\\c\nd"}}).Add();
  EXPECT_THAT(metrics.Render(), HasSubstr(R"(p_n_total{stream="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, GivesTheSameInstrumentForTheSameNameAndLabels) {
  Metrics metrics("p");
  Gauge& gauge = metrics.GetGauge("g", "h", {{"a", "1"}});
  EXPECT_EQ(&gauge, &metrics.GetGauge("g", "h", {{"a", "1"}}));
  EXPECT_NE(&gauge, &metrics.GetGauge("g", "h", {{"a", "2"}}));
  EXPECT_NE(&gauge, &metrics.GetGauge("g", "h"));
}

TEST(Metrics, CountsObservationsInTheirBuckets) {
  Metrics metrics("p");
  Histogram& histogram = metrics.GetHistogram("seconds", "h", {}, {1, 2});
  for (const double value : {0.5, 1.5, 1.75, 9.0}) histogram.Observe(value);
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr("p_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("p_seconds_bucket{le=\"2\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("p_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("p_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("p_seconds_sum 12.75\n"));
}

TEST(Metrics, HistogramsWithoutBucketsMeasureLatency) {
  Metrics metrics("p");
  metrics.GetHistogram("call_seconds", "h").Observe(0.0002);
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr("p_call_seconds_bucket{le=\"0.0001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("p_call_seconds_bucket{le=\"60\"} 1\n"));
}

TEST(Metrics, RefreshesBeforeRenderingAndMayAskForInstruments) {
  Metrics metrics("p");
  metrics.OnRender([&] { metrics.GetGauge("memory_bytes", "h").Set(7); });
  EXPECT_THAT(metrics.Render(), HasSubstr("p_memory_bytes 7\n"));
}

TEST(Metrics, TwoOfThemShareNothing) {
  Metrics one("p"), two("p");
  one.GetCounter("n_total", "h").Add();
  EXPECT_THAT(two.Render(), Not(HasSubstr("p_n_total")));
}

TEST(Metrics, CountsFromManyThreadsAddUp) {
  Metrics metrics("p");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) metrics.GetCounter("n_total", "h").Add();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(metrics.GetCounter("n_total", "h").Value(), 4000);
}

TEST(GaugeScope, HoldsOneForAsLongAsItLives) {
  Metrics metrics("p");
  Gauge& gauge = metrics.GetGauge("g", "h");
  {
    GaugeScope scope(gauge);
    EXPECT_EQ(gauge.Value(), 1);
    GaugeScope moved(std::move(scope));
    EXPECT_EQ(gauge.Value(), 1);
  }
  EXPECT_EQ(gauge.Value(), 0);
}

}  // namespace
}  // namespace pintail::base
