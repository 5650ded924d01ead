#include "columnar/temporal_text.h"

#include <charconv>
#include <limits>

namespace pintail::columnar {
namespace {

using arrow::TimeUnit;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t UnitsPerSecond(TimeUnit::type unit) {
  switch (unit) {
    case TimeUnit::SECOND:
      return 1;
    case TimeUnit::MILLI:
      return 1'000;
    case TimeUnit::MICRO:
      return 1'000'000;
    case TimeUnit::NANO:
      return kNanosPerSecond;
  }
  return 1;
}

int Decimals(TimeUnit::type unit) {
  switch (unit) {
    case TimeUnit::SECOND:
      return 0;
    case TimeUnit::MILLI:
      return 3;
    case TimeUnit::MICRO:
      return 6;
    case TimeUnit::NANO:
      return 9;
  }
  return 0;
}

struct Divided {
  int64_t quotient;
  int64_t remainder;  // never negative
};

Divided FloorDivide(int64_t value, int64_t by) {
  Divided result = {value / by, value % by};
  if (result.remainder < 0) {
    result.remainder += by;
    --result.quotient;
  }
  return result;
}

void AppendInteger(int64_t value, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

// The value with leading zeros to `width` digits.
void AppendPadded(uint64_t value, int width, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  const int length = static_cast<int>(end - digits);
  if (length < width) out->append(static_cast<size_t>(width - length), '0');
  out->append(digits, end);
}

void AppendSecondsOfDay(int64_t seconds, int64_t fraction, int decimals,
                        std::string* out) {
  AppendPadded(static_cast<uint64_t>(seconds / 3600), 2, out);
  out->push_back(':');
  AppendPadded(static_cast<uint64_t>(seconds / 60 % 60), 2, out);
  out->push_back(':');
  AppendPadded(static_cast<uint64_t>(seconds % 60), 2, out);
  if (decimals == 0) return;
  out->push_back('.');
  AppendPadded(static_cast<uint64_t>(fraction), decimals, out);
}

// "4.5" of seconds in the unit, without trailing zeros.
void AppendSeconds(int64_t value, TimeUnit::type unit, std::string* out) {
  const auto per_second = static_cast<uint64_t>(UnitsPerSecond(unit));
  // The negative of the least value has no int64.
  const uint64_t size =
      value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  if (value < 0) out->push_back('-');
  AppendPadded(size / per_second, 1, out);
  if (size % per_second == 0) return;
  out->push_back('.');
  AppendPadded(size % per_second, Decimals(unit), out);
  out->erase(out->find_last_not_of('0') + 1);
}

bool AppendInfinity(int64_t value, int64_t largest, std::string* out) {
  if (value != largest && value != -largest) return false;
  out->append(value < 0 ? "-infinity" : "infinity");
  return true;
}

}  // namespace

// Civil date from days, by eras of 400 years that begin on the first of March
// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
void AppendDate(int64_t days_since_epoch, std::string* out) {
  const Divided era = FloorDivide(days_since_epoch + 719'468, 146'097);
  const int64_t day_of_era = era.remainder;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) /
      365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era.quotient * 400 + (month <= 2 ? 1 : 0);
  if (year >= 0 && year <= 9999) {
    AppendPadded(static_cast<uint64_t>(year), 4, out);
  } else {
    out->push_back(year < 0 ? '-' : '+');
    AppendPadded(static_cast<uint64_t>(year < 0 ? -year : year), 5, out);
  }
  out->push_back('-');
  AppendPadded(static_cast<uint64_t>(month), 2, out);
  out->push_back('-');
  AppendPadded(static_cast<uint64_t>(day), 2, out);
}

bool AppendInfiniteDate(int64_t days_since_epoch, std::string* out) {
  return AppendInfinity(days_since_epoch, std::numeric_limits<int32_t>::max(), out);
}

bool AppendInfiniteTimestamp(int64_t value, std::string* out) {
  return AppendInfinity(value, std::numeric_limits<int64_t>::max(), out);
}

void AppendTimeOfDay(int64_t value, TimeUnit::type unit, std::string* out) {
  const Divided time = FloorDivide(value, UnitsPerSecond(unit));
  const bool end_of_day = time.quotient == kSecondsPerDay && time.remainder == 0;
  AppendSecondsOfDay(
      end_of_day ? kSecondsPerDay : FloorDivide(time.quotient, kSecondsPerDay).remainder,
      time.remainder, Decimals(unit), out);
}

void AppendTimestamp(int64_t value, TimeUnit::type unit, bool has_zone,
                     std::string* out) {
  const Divided time = FloorDivide(value, UnitsPerSecond(unit));
  const Divided date = FloorDivide(time.quotient, kSecondsPerDay);
  AppendDate(date.quotient, out);
  out->push_back('T');
  AppendSecondsOfDay(date.remainder, time.remainder, Decimals(unit), out);
  if (has_zone) out->push_back('Z');
}

void AppendInterval(int64_t months, int64_t days, int64_t nanoseconds, std::string* out) {
  out->push_back('P');
  if (months != 0) {
    AppendInteger(months, out);
    out->push_back('M');
  }
  if (days != 0) {
    AppendInteger(days, out);
    out->push_back('D');
  }
  if (nanoseconds == 0 && (months != 0 || days != 0)) return;
  AppendDuration(nanoseconds, TimeUnit::NANO, out);
  // AppendDuration began a new "P".
  out->erase(out->rfind('P'), 1);
}

void AppendDuration(int64_t value, TimeUnit::type unit, std::string* out) {
  out->append("PT");
  AppendSeconds(value, unit, out);
  out->push_back('S');
}

void AppendDecimal(std::string_view unscaled, int32_t scale, std::string* out) {
  if (unscaled.starts_with('-')) {
    out->push_back('-');
    unscaled.remove_prefix(1);
  }
  if (scale <= 0) {
    out->append(unscaled);
    if (unscaled != "0") out->append(static_cast<size_t>(-scale), '0');
    return;
  }
  const auto decimals = static_cast<size_t>(scale);
  if (unscaled.size() <= decimals) {
    out->append("0.");
    out->append(decimals - unscaled.size(), '0');
    out->append(unscaled);
    return;
  }
  out->append(unscaled.substr(0, unscaled.size() - decimals));
  out->push_back('.');
  out->append(unscaled.substr(unscaled.size() - decimals));
}

}  // namespace pintail::columnar
