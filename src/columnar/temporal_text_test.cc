#include "columnar/temporal_text.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using arrow::TimeUnit;
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST(TemporalText, WritesDates) {
  const struct {
    int64_t days;
    std::string expected;
  } kCases[] = {
      {0, "1970-01-01"},          {-1, "1969-12-31"},          {19'782, "2024-02-29"},
      {11'016, "2000-02-29"},     {-25'509, "1900-02-28"},     {-25'508, "1900-03-01"},
      {2'932'896, "9999-12-31"},  {2'932'897, "+10000-01-01"}, {-719'528, "0000-01-01"},
      {-719'529, "-00001-12-31"},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendDate(c.days, &out);
    EXPECT_EQ(out, c.expected) << c.days;
  }
}

TEST(TemporalText, WritesTimesOfDay) {
  const struct {
    int64_t value;
    TimeUnit::type unit;
    std::string expected;
  } kCases[] = {
      {0, TimeUnit::SECOND, "00:00:00"},
      {86'399, TimeUnit::SECOND, "23:59:59"},
      {3'723'004, TimeUnit::MILLI, "01:02:03.004"},
      {1, TimeUnit::MICRO, "00:00:00.000001"},
      {86'399'999'999'999, TimeUnit::NANO, "23:59:59.999999999"},
      {86'400'000'000, TimeUnit::MICRO, "24:00:00.000000"},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendTimeOfDay(c.value, c.unit, &out);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(TemporalText, WritesTimestampsOfTheWholeRange) {
  const struct {
    int64_t value;
    TimeUnit::type unit;
    bool has_zone;
    std::string expected;
  } kCases[] = {
      {0, TimeUnit::SECOND, false, "1970-01-01T00:00:00"},
      {-1, TimeUnit::MILLI, false, "1969-12-31T23:59:59.999"},
      {1'700'000'000'123'456, TimeUnit::MICRO, true, "2023-11-14T22:13:20.123456Z"},
      {kMost, TimeUnit::NANO, false, "2262-04-11T23:47:16.854775807"},
      {kLeast, TimeUnit::NANO, false, "1677-09-21T00:12:43.145224192"},
      {kMost, TimeUnit::SECOND, false, "+292277026596-12-04T15:30:07"},
      {kLeast, TimeUnit::SECOND, false, "-292277022657-01-27T08:29:52"},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendTimestamp(c.value, c.unit, c.has_zone, &out);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(TemporalText, WritesIntervalsAndDurations) {
  const struct {
    int64_t months, days, nanoseconds;
    std::string expected;
  } kIntervals[] = {
      {0, 0, 0, "PT0S"},
      {14, 3, 4'500'000'000, "P14M3DT4.5S"},
      {-1, 0, 0, "P-1M"},
      {0, -2, -1, "P-2DT-0.000000001S"},
      {1, 0, 1'000'000'000, "P1MT1S"},
  };
  for (const auto& c : kIntervals) {
    std::string out = "x=";
    AppendInterval(c.months, c.days, c.nanoseconds, &out);
    EXPECT_EQ(out, "x=" + c.expected);
  }
  const struct {
    int64_t value;
    TimeUnit::type unit;
    std::string expected;
  } kDurations[] = {
      {90, TimeUnit::SECOND, "PT90S"},
      {-1'500, TimeUnit::MILLI, "PT-1.5S"},
      {kLeast, TimeUnit::MICRO, "PT-9223372036854.775808S"},
      {kLeast, TimeUnit::SECOND, "PT-9223372036854775808S"},
  };
  for (const auto& c : kDurations) {
    std::string out;
    AppendDuration(c.value, c.unit, &out);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(TemporalText, WritesDecimalsWithAllTheirDigits) {
  const struct {
    std::string unscaled;
    int32_t scale;
    std::string expected;
  } kCases[] = {
      {"12345", 2, "123.45"}, {"-1", 2, "-0.01"},
      {"0", 3, "0.000"},      {"12", -2, "1200"},
      {"0", -2, "0"},         {"-7", 0, "-7"},
      {"123", 3, "0.123"},    {"1", 38, "0.00000000000000000000000000000000000001"},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendDecimal(c.unscaled, c.scale, &out);
    EXPECT_EQ(out, c.expected);
  }
}

}  // namespace
}  // namespace pintail::columnar
