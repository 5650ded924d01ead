#include "columnar/ndjson_fault.h"

#include <string_view>
#include <vector>

#include "arrow/json/options.h"
#include "arrow/json/reader.h"
#include "arrow/record_batch.h"
#include "simdjson.h"

namespace pintail::columnar {
namespace {

constexpr size_t kMaxShownBytes = 100;

// Whether the text, which is whole lines, can be read as these columns.
bool Fits(const std::shared_ptr<arrow::Buffer>& text,
          const std::shared_ptr<arrow::Schema>& columns) {
  auto options = arrow::json::ParseOptions::Defaults();
  options.explicit_schema = columns;
  options.unexpected_field_behavior = arrow::json::UnexpectedFieldBehavior::Ignore;
  return arrow::json::ParseOne(options, text).ok();
}

struct Line {
  size_t begin = 0;
  size_t end = 0;  // after its line end
};

std::vector<Line> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    const bool blank = text.substr(begin, end - begin).find_first_not_of(" \t\r\n") ==
                       std::string_view::npos;
    if (!blank) lines.push_back({begin, end});
    begin = end;
  }
  return lines;
}

// The member's text, cut where it is long but never inside a character.
std::string MemberText(std::string_view line, const std::string& name) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(line);
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  std::string_view raw;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document[name].get(value) != simdjson::SUCCESS ||
      value.raw_json().get(raw) != simdjson::SUCCESS) {
    return "the value";
  }
  while (!raw.empty() && std::string_view(" \t\r\n").contains(raw.back())) {
    raw.remove_suffix(1);
  }
  if (raw.size() <= kMaxShownBytes) return std::string(raw);
  size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(raw[end]) & 0xC0) == 0x80) --end;
  return std::string(raw.substr(0, end)) + "…";
}

}  // namespace

std::optional<NdjsonFault> FindNdjsonFault(const std::shared_ptr<arrow::Buffer>& block,
                                           const arrow::Schema& schema) {
  const auto text = static_cast<std::string_view>(*block);
  const std::vector<Line> lines = LinesOf(text);
  const auto columns = arrow::schema(schema.fields());
  const auto slice = [&](size_t from, size_t to) {
    return arrow::SliceBuffer(
        block, static_cast<int64_t>(lines[from].begin),
        static_cast<int64_t>(lines[to - 1].end - lines[from].begin));
  };
  // The first `good` lines fit, the first `bad` do not.
  size_t good = 0;
  size_t bad = lines.size();
  if (bad == 0 || Fits(slice(0, bad), columns)) return std::nullopt;
  while (bad - good > 1) {
    const size_t middle = good + (bad - good) / 2;
    (Fits(slice(good, middle), columns) ? good : bad) = middle;
  }
  const auto line = slice(good, bad);
  for (const auto& field : schema.fields()) {
    if (Fits(line, arrow::schema({field}))) continue;
    return NdjsonFault{
        .row = static_cast<int64_t>(bad),
        .column = field->name(),
        .value = MemberText(static_cast<std::string_view>(*line), field->name())};
  }
  return std::nullopt;
}

}  // namespace pintail::columnar
