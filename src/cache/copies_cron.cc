#include "cache/copies_cron.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::cache {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
// Within them every day of the calendar comes, also a 29th of February on a Sunday.
constexpr int kLongestWaitDays = 41 * 366;

struct Field {
  std::string_view name;
  int first = 0;
  int last = 0;
};

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view part : Split(text, ' ')) {
    if (!part.empty()) words.push_back(part);
  }
  return words;
}

std::optional<int> Number(std::string_view text) {
  int number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (text.empty() || error != std::errc() || end != last) return std::nullopt;
  return number;
}

template <size_t N>
std::optional<int> Name(std::string_view text,
                        const std::array<std::string_view, N>& names, int first) {
  const std::string lower = base::LowerCase(std::string(text));
  for (size_t i = 0; i < N; ++i) {
    if (lower == names[i]) return static_cast<int>(i) + first;
  }
  return std::nullopt;
}

std::optional<int> ValueOf(const Field& field, std::string_view text) {
  std::optional<int> value = Number(text);
  if (!value && field.name == "month") value = Name(text, kMonths, 1);
  if (!value && field.name == "weekday") value = Name(text, kWeekdays, 0);
  if (!value || *value < field.first || *value > field.last) return std::nullopt;
  return value;
}

arrow::Status Wrong(const Field& field, std::string_view text) {
  return base::MakeError(
      base::ErrorKind::kInvalidArgument, "the ", field.name, " of a cron time is \"",
      text, "\"; it must be *, or numbers of ", field.first, " to ", field.last,
      ", ranges as 1-5 and steps as */5, with commas between");
}

// One element of the list: a value, a range, with or without a step.
template <size_t N>
arrow::Status AddElement(const Field& field, std::string_view text,
                         std::bitset<N>* values) {
  const auto parts = Split(text, '/');
  const std::optional<int> step = parts.size() == 2 ? Number(parts[1]) : std::optional(1);
  if (parts.size() > 2 || !step || *step < 1) return Wrong(field, text);
  std::optional<int> from = field.first;
  std::optional<int> to = field.last;
  if (parts[0] != "*") {
    const auto ends = Split(parts[0], '-');
    from = ValueOf(field, ends.front());
    // A single value with a step is the beginning of a range.
    if (ends.size() == 2 || parts.size() == 1) to = ValueOf(field, ends.back());
    if (ends.size() > 2 || !from || !to || *from > *to) return Wrong(field, text);
  }
  for (int value = *from; value <= *to; value += *step) {
    values->set(static_cast<size_t>(value) % N);
  }
  return arrow::Status::OK();
}

template <size_t N>
arrow::Status ReadField(const Field& field, std::string_view text,
                        std::bitset<N>* values) {
  for (const std::string_view element : Split(text, ',')) {
    ARROW_RETURN_NOT_OK(AddElement(field, element, values));
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<Cron> Cron::Parse(std::string_view text) {
  const auto fields = Words(text);
  if (fields.size() != 5) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "the cron time \"", text,
                           "\" has ", fields.size(),
                           " fields; it must have five: minute, hour, day of the month, "
                           "month, day of the week");
  }
  Cron cron;
  ARROW_RETURN_NOT_OK(ReadField({"minute", 0, 59}, fields[0], &cron.minutes_));
  ARROW_RETURN_NOT_OK(ReadField({"hour", 0, 23}, fields[1], &cron.hours_));
  ARROW_RETURN_NOT_OK(ReadField({"day", 1, 31}, fields[2], &cron.days_));
  ARROW_RETURN_NOT_OK(ReadField({"month", 1, 12}, fields[3], &cron.months_));
  ARROW_RETURN_NOT_OK(ReadField({"weekday", 0, 7}, fields[4], &cron.weekdays_));
  cron.any_day_ = fields[2] == "*";
  cron.any_weekday_ = fields[4] == "*";
  const sys_days start = std::chrono::year(2000) / 1 / 1;
  for (int i = 0; i < kLongestWaitDays; ++i) {
    if (cron.Matches(start + days(i))) return cron;
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, "the cron time \"", text,
                         "\" is on a day that no month has");
}

bool Cron::Matches(sys_days day) const {
  const std::chrono::year_month_day date(day);
  if (!months_[static_cast<unsigned>(date.month())]) return false;
  const bool by_day = days_[static_cast<unsigned>(date.day())];
  const bool by_weekday = weekdays_[std::chrono::weekday(day).c_encoding()];
  if (any_day_ || any_weekday_) return by_day && by_weekday;
  return by_day || by_weekday;
}

base::Clock::Wall Cron::Next(base::Clock::Wall after) const {
  const auto next = floor<minutes>(after) + minutes(1);
  sys_days day = floor<days>(next);
  auto from = std::chrono::duration_cast<minutes>(next - day);
  for (int i = 0; i < kLongestWaitDays; ++i) {
    if (Matches(day)) {
      for (auto at = from; at < days(1); at += minutes(1)) {
        const auto hour = floor<hours>(at);
        const auto minute = static_cast<size_t>((at - hour).count());
        if (hours_[static_cast<size_t>(hour.count())] && minutes_[minute]) {
          return day + at;
        }
      }
    }
    day += days(1);
    from = minutes(0);
  }
  return base::Clock::Wall::max();
}

}  // namespace pintail::cache
