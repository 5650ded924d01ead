#include "http/accept.h"

#include <array>
#include <charconv>

#include "base/error.h"
#include "http/head.h"
#include "http/status.h"

namespace pintail::http {
namespace {

using columnar::Format;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string_view TakeItem(std::string_view* list, char separator) {
  const size_t end = list->find(separator);
  const std::string_view item = list->substr(0, end);
  *list = end == std::string_view::npos ? std::string_view() : list->substr(end + 1);
  return Trim(item);
}

// The "q" of an item's parameters, 1 when there is none; 0 when it is no number.
double QualityOf(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = TakeItem(&parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double quality = 0;
    std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), quality);
    return quality;
  }
  return 1;
}

std::optional<Format> FormatOfRange(std::string_view range) {
  if (range == "*/*" || range == "application/*") return Format::kJson;
  if (range == "text/*") return Format::kCsv;
  const auto format = columnar::FormatOfMediaType(range);
  if (format == Format::kArrowFile) return std::nullopt;  // has no place in a stream
  return format;
}

}  // namespace

arrow::Result<Format> ChooseFormat(std::optional<std::string_view> accept,
                                   const std::optional<std::string>& format) {
  if (format) {
    const auto named = columnar::ParseFormat(*format);
    if (!named.ok()) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, "there is no format \"",
                             *format,
                             "\"; the result can be had as json, ndjson, csv, arrow or "
                             "parquet");
    }
    if (*named != Format::kArrowFile) return *named;
  } else {
    if (!accept || Trim(*accept).empty()) return Format::kJson;
    std::optional<Format> best;
    double best_quality = 0;
    std::string_view list = *accept;
    while (!list.empty()) {
      std::string_view parameters = TakeItem(&list, ',');
      const std::string_view range = TakeItem(&parameters, ';');
      const double quality = QualityOf(parameters);
      const auto found = FormatOfRange(range);
      if (found && quality > best_quality) {
        best = found;
        best_quality = quality;
      }
    }
    if (best) return *best;
  }
  return Refusal(
      406, "not_acceptable",
      "the result can be had as application/json, application/x-ndjson, text/csv, "
      "application/vnd.apache.arrow.stream or application/vnd.apache.parquet; the "
      "request accepts none of them");
}

}  // namespace pintail::http
