#include "gateway/cache_control.h"

#include <charconv>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::gateway {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\"");
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\"") - start + 1);
}

arrow::Result<std::chrono::milliseconds> Seconds(std::string_view name,
                                                 std::string_view value) {
  constexpr int64_t kMost = int64_t{366} * 86'400;
  int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc::result_out_of_range) return std::chrono::seconds(kMost);
  if (error != std::errc() || end != value.data() + value.size() || seconds < 0) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "Cache-Control: ", name,
                           " is \"", value, "\"; it has to be a number of seconds");
  }
  return std::chrono::seconds(std::min(seconds, kMost));
}

}  // namespace

arrow::Result<CacheControl> CacheControl::Parse(std::string_view text) {
  CacheControl control;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
    const size_t equals = part.find('=');
    const std::string name =
        base::LowerCase(std::string(Trimmed(part.substr(0, equals))));
    const bool has_value = equals != part.npos;
    const std::string_view value =
        has_value ? Trimmed(part.substr(equals + 1)) : std::string_view();
    if (name == "no-cache") {
      control.no_cache = true;
    } else if (name == "no-store") {
      control.no_store = true;
    } else if (name == "only-if-cached") {
      control.only_if_cached = true;
    } else if (name == "max-age") {
      ARROW_ASSIGN_OR_RAISE(control.max_age, Seconds(name, value));
    } else if (name == "max-stale") {
      control.max_stale = std::chrono::hours(366 * 24);
      if (has_value) {
        ARROW_ASSIGN_OR_RAISE(control.max_stale, Seconds(name, value));
      }
    }
  }
  return control;
}

std::string_view CacheOutcomeName(CacheOutcome outcome) {
  switch (outcome) {
    case CacheOutcome::kMiss:
      return "miss";
    case CacheOutcome::kHit:
      return "hit";
    case CacheOutcome::kStale:
      return "stale";
    case CacheOutcome::kBypass:
      break;
  }
  return "bypass";
}

}  // namespace pintail::gateway
