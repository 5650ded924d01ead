// Dates, times, durations and decimals as text (ISO 8601), appended to a string. The
// whole range of each Arrow type has a text; nothing fails. Pure functions, callable from
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arrow/type.h"

namespace pintail::columnar {

// "2024-02-29"; years outside 0 to 9999 with a sign and at least five digits.
void AppendDate(int64_t days_since_epoch, std::string* out);

// Appends "infinity" or "-infinity", which DuckDB keeps as the largest value and its
// negative, and tells whether the value is one of them.
bool AppendInfiniteDate(int64_t days_since_epoch, std::string* out);
bool AppendInfiniteTimestamp(int64_t value, std::string* out);

// "13:04:05", "24:00:00" for the end of a day, with 3, 6 or 9 decimals for finer units.
void AppendTimeOfDay(int64_t value, arrow::TimeUnit::type unit, std::string* out);

// "2024-02-29T13:04:05.123", and "Z" at the end when the timestamp has a zone: the value
// itself is UTC then.
void AppendTimestamp(int64_t value, arrow::TimeUnit::type unit, bool has_zone,
                     std::string* out);

// "P14M3DT4.500000000S"; "PT0S" for nothing. Each part has its own sign.
void AppendInterval(int64_t months, int64_t days, int64_t nanoseconds, std::string* out);

// "PT90.5S".
void AppendDuration(int64_t value, arrow::TimeUnit::type unit, std::string* out);

// The digits of an unscaled decimal with its point put in: "-0.01" for "-1" and scale 2,
// "1200" for "12" and scale -2.
void AppendDecimal(std::string_view unscaled, int32_t scale, std::string* out);

}  // namespace pintail::columnar
