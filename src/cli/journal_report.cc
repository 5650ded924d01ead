#include "cli/journal_report.h"

#include <algorithm>
#include <format>
#include <string_view>
#include <vector>

#include "base/json_string.h"
#include "cli/progress.h"
#include "cli/text_width.h"

namespace pintail::cli {
namespace {

using journal::CheckReport;
using journal::Damage;
using journal::LostRecords;
using journal::RepairedSegment;
using journal::RepairReport;
using journal::TableCounts;

constexpr size_t kLabelWidth = 10;

std::string Line(const std::string& label, std::string_view text) {
  return std::format("{}{}\n", Pad(label, kLabelWidth, false), text);
}

std::string CountOf(int64_t number, const std::string& thing) {
  return Thousands(number) + " " + thing + (number == 1 ? "" : "s");
}

std::string NameOf(const std::filesystem::path& path) {
  return Printable(path.filename().native());
}

// "4", "4 to 9": as they stand in files and errors, so without commas.
std::string RangeText(journal::Position first, journal::Position last) {
  return first == last ? std::to_string(first) : std::format("{} to {}", first, last);
}

std::string PositionsText(bool one, const std::string& ranges) {
  return (one ? "position " : "positions ") + ranges;
}

std::string RecordsText(const CheckReport& found) {
  if (found.records == 0) return found.damage ? "none before the problem" : "none";
  return std::format(
      "{}{}, {}, {}", Thousands(found.records), found.damage ? " before the problem" : "",
      PositionsText(found.first == found.last, RangeText(found.first, found.last)),
      CountOf(found.bytes, "byte"));
}

std::string TablesText(const CheckReport& found) {
  size_t width = 0;
  for (const auto& [table, counts] : found.tables) {
    width = std::max(width, TextWidth(Printable(table)));
  }
  std::string text;
  for (const auto& [table, counts] : found.tables) {
    text += std::format("  {}  {}, {}, {}\n", Pad(Printable(table), width, false),
                        CountOf(counts.records, "record"), CountOf(counts.rows, "row"),
                        CountOf(counts.bytes, "byte"));
  }
  return text;
}

bool IsNewerVersion(const Damage& damage) {
  return damage.kind == Damage::Kind::kNewerVersion;
}

std::string StateText(const CheckReport& found) {
  if (found.damage) {
    return IsNewerVersion(*found.damage)
               ? "of a newer version; a start of this one refuses"
               : "damaged; a start refuses";
  }
  if (found.segments == 0) return "no journal is here; a start begins one";
  if (found.torn_bytes == 0) return "sound";
  // Most of these may be zeros that were allocated ahead.
  return std::format(
      "sound; a start cuts the last {}, where a crash came before they were synced",
      CountOf(found.torn_bytes, "byte"));
}

// How many of the dropped records are `of` what.
std::string PartText(int64_t records, const std::string& of) {
  return std::format("{} of {}; how many rows {} had cannot be told", Thousands(records),
                     of, records == 1 ? "it" : "they");
}

// Which records, and of which tables: a text a line.
std::vector<std::string> DroppedTexts(const RepairReport& repair) {
  std::vector<std::string> texts;
  uint64_t count = 0;
  std::string positions;
  for (const LostRecords& lost : repair.lost) {
    count += lost.last - lost.first + 1;
    positions += (positions.empty() ? "" : ", ") + RangeText(lost.first, lost.last);
  }
  if (count > 0) {
    texts.push_back(std::format("{} ({})", CountOf(static_cast<int64_t>(count), "record"),
                                PositionsText(count == 1, positions)));
  }
  int64_t known = 0;
  for (const auto& [table, records] : repair.lost_by_table) {
    known += records;
    texts.push_back(PartText(records, "table " + Printable(table)));
  }
  const auto unknown = static_cast<int64_t>(count) - known;
  if (unknown > 0) {
    texts.push_back(PartText(unknown, "unknown tables"));
  }
  for (const RepairedSegment& segment : repair.segments) {
    if (segment.records_left > 0) continue;
    texts.push_back("all of " + NameOf(segment.path) +
                    ", in which no record of this journal can be read");
  }
  return texts;
}

std::string RepairText(const RepairReport& repair, bool done) {
  std::string text =
      Line(done ? "kept" : "keeps", CountOf(repair.records_left, "record"));
  const std::vector<std::string> dropped = DroppedTexts(repair);
  std::string label = done ? "dropped" : "drops";
  if (dropped.empty()) text += Line(label, "nothing");
  for (const std::string& one : dropped) {
    text += Line(label, one);
    label.clear();
  }
  for (const RepairedSegment& segment : repair.segments) {
    text += Line(done ? "changed" : "changes",
                 std::format("{}: {}; {} left", NameOf(segment.path), segment.reason,
                             CountOf(segment.records_left, "record")));
    text +=
        Line("", (done ? "the original is kept as " : "the original will be kept as ") +
                     Printable(segment.kept_as.native()));
  }
  return text;
}

class JsonObject {
 public:
  void Number(std::string_view name, int64_t value) { Raw(name, std::to_string(value)); }
  // 0 stands for none.
  void At(std::string_view name, journal::Position position) {
    Raw(name, position == 0 ? "null" : std::to_string(position));
  }
  void Text(std::string_view name, std::string_view value) {
    std::string text;
    base::AppendJsonString(value, &text);
    Raw(name, text);
  }
  void Raw(std::string_view name, std::string_view json) {
    if (!text_.empty()) text_ += ',';
    text_ += std::format("\"{}\":{}", name, json);
  }
  std::string End() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

template <typename Range, typename Write>
std::string JsonList(const Range& range, Write write) {
  std::string text;
  for (const auto& element : range) {
    JsonObject object;
    write(element, &object);
    text += (text.empty() ? "" : ",") + object.End();
  }
  return "[" + text + "]";
}

std::string TablesJson(const CheckReport& found) {
  return JsonList(found.tables, [](const auto& table, JsonObject* object) {
    object->Text("table", table.first);
    object->Number("records", table.second.records);
    object->Number("rows", table.second.rows);
    object->Number("bytes", table.second.bytes);
  });
}

std::string_view KindName(Damage::Kind kind) {
  switch (kind) {
    case Damage::Kind::kNewerVersion:
      return "newer_version";
    case Damage::Kind::kNoSegment:
      return "no_segment";
    case Damage::Kind::kMissing:
      return "missing";
    case Damage::Kind::kRecord:
      return "record";
  }
  return "record";
}

std::string DamageJson(const Damage& damage) {
  JsonObject object;
  object.Text("kind", KindName(damage.kind));
  object.Text("text", damage.text);
  object.Text("segment", damage.path.native());
  object.Number("offset", damage.offset);
  object.At("first_lost", damage.first_lost);
  object.At("last_lost", damage.last_lost);
  return object.End();
}

std::string RepairJson(const RepairReport& repair) {
  JsonObject object;
  object.Number("records_left", repair.records_left);
  object.Raw("lost",
             JsonList(repair.lost, [](const LostRecords& lost, JsonObject* range) {
               range->At("first", lost.first);
               range->At("last", lost.last);
             }));
  object.Raw("lost_by_table",
             JsonList(repair.lost_by_table, [](const auto& lost, JsonObject* table) {
               table->Text("table", lost.first);
               table->Number("records", lost.second);
             }));
  object.Raw("segments", JsonList(repair.segments, [](const RepairedSegment& segment,
                                                      JsonObject* changed) {
               changed->Text("segment", segment.path.native());
               changed->Text("kept_as", segment.kept_as.native());
               changed->Text("reason", segment.reason);
               changed->Number("records_left", segment.records_left);
             }));
  return object.End();
}

}  // namespace

std::string CheckText(const CheckedJournal& checked) {
  const CheckReport& found = checked.found;
  std::string text = Line("journal", Printable(checked.folder.native()));
  text += Line("segments", Thousands(found.segments));
  text += Line("records", RecordsText(found));
  text += TablesText(found);
  text += Line("state", StateText(found));
  if (found.damage) {
    text += Line("problem", Printable(found.damage->text));
    text += Line("where", std::format("byte {} of {}", found.damage->offset,
                                      NameOf(found.damage->path)));
  }
  if (checked.repair) text += "a repair\n" + PlannedText(*checked.repair);
  return text;
}

std::string CheckJson(const CheckedJournal& checked) {
  const CheckReport& found = checked.found;
  JsonObject object;
  object.Text("folder", checked.folder.native());
  object.Raw("sound", found.damage ? "false" : "true");
  object.Number("segments", found.segments);
  object.Number("records", found.records);
  object.Number("bytes", found.bytes);
  object.At("first_position", found.first);
  object.At("last_position", found.last);
  object.Number("torn_bytes", found.torn_bytes);
  object.Raw("tables", TablesJson(found));
  object.Raw("damage", found.damage ? DamageJson(*found.damage) : "null");
  object.Raw("repair", checked.repair ? RepairJson(*checked.repair) : "null");
  return object.End();
}

std::string PlannedText(const RepairReport& plan) { return RepairText(plan, false); }
std::string RepairedText(const RepairReport& report) { return RepairText(report, true); }

std::string DamageAdvice(const CheckedJournal& checked) {
  if (IsNewerVersion(*checked.found.damage)) {
    return "a newer version of this program wrote the journal; use that one";
  }
  return "the journal is damaged; `pintail journal repair \"" +
         Printable(checked.folder.native()) +
         "\"` goes on without what is lost and keeps the damaged files";
}

}  // namespace pintail::cli
