#include "ingest/tier_time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <format>
#include <string_view>

#include "arrow/array.h"
#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::ingest {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kNanoseconds = 1'000'000'000;

struct TimeType {
  std::string_view name;
  int digits;
};

// TIMESTAMP_NS is not here: sources round it, and a row might come to be on both sides.
constexpr std::array kTypes = {TimeType{"BIGINT", 9},
                               TimeType{"TIMESTAMP", 6},
                               TimeType{"TIMESTAMP_S", 0},
                               TimeType{"TIMESTAMP_MS", 3},
                               TimeType{"TIMESTAMP WITH TIME ZONE", 6},
                               TimeType{"DATE", 0}};

// Towards the past, as whole seconds count.
int64_t Floor(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? int64_t{1} : int64_t{0});
}

template <typename Array>
bool HasBelow(const arrow::Array& array, int64_t boundary, const auto& second_of) {
  const auto& values = static_cast<const Array&>(array);
  for (int64_t i = 0; i < values.length(); ++i) {
    if (!values.IsNull(i) && second_of(values.Value(i)) < boundary) return true;
  }
  return false;
}

int64_t PerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      break;
  }
  return kNanoseconds;
}

bool HasBelow(const arrow::Array& array, int64_t boundary) {
  switch (array.type_id()) {
    case arrow::Type::INT64:
      return HasBelow<arrow::Int64Array>(
          array, boundary, [](int64_t value) { return Floor(value, kNanoseconds); });
    case arrow::Type::TIMESTAMP: {
      const int64_t per_second =
          PerSecond(static_cast<const arrow::TimestampType&>(*array.type()).unit());
      return HasBelow<arrow::TimestampArray>(
          array, boundary, [&](int64_t value) { return Floor(value, per_second); });
    }
    case arrow::Type::DATE32:
      return HasBelow<arrow::Date32Array>(array, boundary,
                                          [](int64_t day) { return day * kDay; });
    default:
      return array.null_count() < array.length();
  }
}

}  // namespace

arrow::Status CheckTimeType(const std::string& type) {
  if (std::ranges::find(kTypes, type, &TimeType::name) != kTypes.end()) {
    return arrow::Status::OK();
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, "it is ", type,
                         ", and rows leave by a BIGINT (nanoseconds since 1970), a "
                         "TIMESTAMP, TIMESTAMP_S, TIMESTAMP_MS, TIMESTAMP WITH TIME ZONE "
                         "or DATE");
}

int FractionDigits(const std::string& type) {
  const auto found = std::ranges::find(kTypes, type, &TimeType::name);
  return found == kTypes.end() ? 0 : found->digits;
}

int64_t BoundaryAtOrBefore(const std::string& type, int64_t second) {
  return type == "DATE" ? Floor(second, kDay) * kDay : second;
}

std::string BoundaryText(const std::string& type, int64_t boundary) {
  if (type == "BIGINT") return std::to_string(boundary * kNanoseconds);
  const std::chrono::sys_seconds second{std::chrono::seconds(boundary)};
  if (type == "DATE") return std::format("{:%F}", second);
  return std::format("{:%F %T}", second) +
         (type == "TIMESTAMP WITH TIME ZONE" ? "+00" : "");
}

std::string SecondInSql(const std::string& type, const std::string& column) {
  if (type == "BIGINT") {
    return "(" + column + " // 1000000000 - (" + column + " % 1000000000 < 0)::BIGINT)";
  }
  return "CAST(floor(epoch(" + column + ")) AS BIGINT)";
}

bool HasRowBelow(const arrow::RecordBatch& batch, const std::string& column,
                 int64_t boundary) {
  if (boundary == kNoBoundary) return false;
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (base::LowerCase(batch.column_name(i)) != base::LowerCase(column)) continue;
    if (HasBelow(*batch.column(i), boundary)) return true;
  }
  return false;
}

}  // namespace pintail::ingest
