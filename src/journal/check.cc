#include "journal/check.h"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "journal/folder_lock.h"
#include "journal/record_codec.h"

namespace pintail::journal {
namespace {

// A record that is whole, but is none: the sum of its bytes is right.
arrow::Status Unreadable(const FoundRecord& found, const arrow::Status& reason) {
  return base::MakeError(base::ErrorKind::kInternal, "record ", found.header.position,
                         " at byte ", found.offset,
                         " cannot be read: ", reason.message());
}

arrow::Status Count(const FoundRecord& found, CheckReport* report) {
  const auto record = DecodeRecord(found.header, found.names, found.body);
  if (!record.ok()) return Unreadable(found, record.status());
  TableCounts& table = report->tables[record->table];
  ++table.records;
  for (const auto& batch : record->batches) table.rows += batch->num_rows();
  table.bytes += found.header.record_bytes();
  ++report->records;
  report->bytes += found.header.record_bytes();
  if (report->first == 0) report->first = found.header.position;
  report->last = found.header.position;
  return arrow::Status::OK();
}

// The segment that the record lies in.
std::filesystem::path PathOf(const FoundRecord& found,
                             const std::vector<SegmentPath>& segments) {
  const auto holds = [&](const SegmentPath& at) {
    return at.first <= found.header.position;
  };
  return std::ranges::find_if(segments | std::views::reverse, holds)->path;
}

}  // namespace

arrow::Result<CheckReport> Check(const std::filesystem::path& folder) {
  if (std::error_code error; !std::filesystem::is_directory(folder, error)) {
    return base::MakeError(base::ErrorKind::kUnavailable, "there is no journal in ",
                           folder, "; give the folder of one");
  }
  ARROW_ASSIGN_OR_RAISE(auto segments, ListSegments(folder));
  // Some other folder gets no lock.
  if (segments.empty()) return CheckReport();
  ARROW_ASSIGN_OR_RAISE(const auto lock, FolderLock::Take(folder));
  ARROW_ASSIGN_OR_RAISE(segments, ListSegments(folder));
  CheckReport report = {.segments = static_cast<int64_t>(segments.size())};
  // What cannot be decoded is reported as damage, not as a failure to check.
  std::optional<Damage> unreadable;
  ARROW_ASSIGN_OR_RAISE(const Walk walk, WalkLog(segments, [&](const FoundRecord& found) {
                          if (unreadable) return arrow::Status::OK();
                          const arrow::Status status = Count(found, &report);
                          if (!status.ok()) {
                            unreadable = Damage{.kind = Damage::Kind::kRecord,
                                                .path = PathOf(found, segments),
                                                .offset = found.offset,
                                                .first_lost = found.header.position,
                                                .last_lost = found.header.position,
                                                .text = status.message()};
                          }
                          return arrow::Status::OK();
                        }));
  report.damage = unreadable ? unreadable : walk.damage;
  if (!walk.damage && !walk.segments.empty() && !walk.segments.back().blank_end) {
    report.torn_bytes = walk.segments.back().file_bytes - walk.segments.back().end;
  }
  return report;
}

}  // namespace pintail::journal
