#include "config/settings.h"

#include <algorithm>
#include <array>

#include "arrow/util/logging.h"
#include "base/error.h"
#include "catalog/stream_bounds.h"
#include "config/options_of_copies.h"

namespace pintail::config {
namespace {

constexpr std::array kStreamOptions = {
    Option{.key = "name", .help = "The stream's name, as clients send it"},
    Option{.key = "target_table",
           .help =
               "Table to write to: table, schema.table or catalog.schema.table; names "
               "with other characters in double quotes",
           .unset = "a table of the stream's own name"},
    Option{.key = "schema_policy",
           .type = OptionType::kChoice,
           .help = "What new columns and types may do to the table",
           .unset = "ingest.schema_policy",
           .choices = "strict|add_columns|coerce"},
    Option{.key = "chunk_size",
           .type = OptionType::kInteger,
           .help = "Rows handed to DuckDB at a time",
           .unset = "ingest.chunk_size",
           .min = 1,
           .max = catalog::kMaxChunkRows},
    Option{.key = "commit_rows",
           .type = OptionType::kInteger,
           .help = "Rows after which an appending Flight stream commits what it has",
           .unset = "ingest.commit_rows",
           .min = 1,
           .max = catalog::kMaxCommitRows},
    Option{.key = "commit_interval",
           .type = OptionType::kDuration,
           .help = "Time after which an appending Flight stream commits what it has",
           .unset = "ingest.commit_interval",
           .min = 1,
           .max = catalog::kMaxCommitInterval.count()},
    Option{.key = "durability",
           .type = OptionType::kChoice,
           .help = "What an acknowledgement stands on",
           .unset = "ingest.durability",
           .choices = "sync|interval|none"},
    Option{.key = "write_through",
           .help = "Table of a source that the rows are sent on to, as "
                   "source.schema.table",
           .unset = "they are not sent on"},
    Option{.key = "write_through_mode",
           .type = OptionType::kChoice,
           .help = "Whether rows are acknowledged when the journal has them, or when the "
                   "source has them too",
           .unset = "async",
           .choices = "async|sync"},
    Option{.key = "retain",
           .type = OptionType::kDuration,
           .help = "How old rows are that stay here; older ones are in the source of "
                   "write_through only, and are read from there",
           .unset = "all stay here",
           .min = 1'000},
    Option{.key = "retain_rows",
           .type = OptionType::kInteger,
           .help = "How many rows stay here, the newest",
           .unset = "not bounded",
           .min = 1},
    Option{.key = "retain_bytes",
           .type = OptionType::kBytes,
           .help = "How many bytes of rows stay here, the newest, as they came as Arrow",
           .unset = "not bounded",
           .min = 1},
    Option{.key = "retain_column",
           .help = "The column with the time that these three go by",
           .unset = "required with one of them"},
};

}  // namespace

std::span<const Option> CopyOptions() { return kCopyOptions; }
std::span<const Option> StreamOptions() { return kStreamOptions; }

catalog::SourceWords SourceSetting::Shown() const {
  catalog::SourceWords shown = catalog::ShownWords(definition);
  for (auto& [key, text] : shown) {
    const auto found = written.find(key);
    if (found != written.end()) text = found->second;
  }
  return shown;
}

Settings::Settings() {
  for (const Option& option : Options()) {
    const bool empty = option.initial.empty();
    auto value = empty ? arrow::Result<Value>(Value())
                       : ParseValue(option, {std::string(option.initial)});
    ARROW_CHECK_OK(value.status());
    entries_.push_back({.option = &option,
                        .value = *value,
                        .where = "default",
                        .shown = FormatValue(option, *value)});
  }
}

arrow::Status Settings::Assign(const Assignment& assignment) {
  auto value = ParseValue(*assignment.option, assignment.texts);
  if (!value.ok()) return base::WithContext(value.status(), assignment.where);
  const auto found = std::ranges::find(entries_, assignment.option, &Entry::option);
  found->shown = assignment.shown && !assignment.option->secret
                     ? *assignment.shown
                     : FormatValue(*assignment.option, *value);
  found->value = *std::move(value);
  found->origin = assignment.origin;
  found->where = assignment.where;
  return arrow::Status::OK();
}

const Settings::Entry& Settings::entry(std::string_view key) const {
  const auto found = std::ranges::find(
      entries_, key, [](const Entry& entry) { return entry.option->key; });
  ARROW_CHECK(found != entries_.end()) << "no option is declared as " << key;
  return *found;
}

// Null when the option is unset.
template <typename T>
const T* Settings::Read(std::string_view key) const {
  const Entry& found = entry(key);
  keys_read_.emplace(key);
  if (std::holds_alternative<std::monostate>(found.value)) return nullptr;
  return &std::get<T>(found.value);
}

std::string Settings::Text(std::string_view key) const {
  const auto* text = Read<std::string>(key);
  return text ? *text : std::string();
}

std::optional<int64_t> Settings::OptionalInteger(std::string_view key) const {
  const auto* number = Read<int64_t>(key);
  return number ? std::optional(*number) : std::nullopt;
}

int64_t Settings::Integer(std::string_view key) const {
  return OptionalInteger(key).value();
}

std::optional<std::chrono::milliseconds> Settings::OptionalDuration(
    std::string_view key) const {
  const auto* duration = Read<std::chrono::milliseconds>(key);
  return duration ? std::optional(*duration) : std::nullopt;
}

std::chrono::milliseconds Settings::Duration(std::string_view key) const {
  return OptionalDuration(key).value();
}

bool Settings::Switch(std::string_view key) const {
  const bool* on = Read<bool>(key);
  return on && *on;
}

std::vector<std::string> Settings::List(std::string_view key) const {
  const auto* list = Read<std::vector<std::string>>(key);
  return list ? *list : std::vector<std::string>();
}

Pairs Settings::Map(std::string_view key) const {
  const auto* pairs = Read<Pairs>(key);
  return pairs ? *pairs : Pairs();
}

}  // namespace pintail::config
