#include "journal/repair.h"

#include <algorithm>
#include <fstream>
#include <ranges>
#include <utility>

#include "base/error.h"
#include "journal/folder_lock.h"
#include "journal/record_format.h"
#include "journal/recovery.h"
#include "journal/salvage.h"
#include "journal/segment_file.h"

namespace pintail::journal {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::string_view kDroppedSuffix = ".dropped";
constexpr int64_t kCopyBytes = int64_t{1} << 20;

arrow::Status Cannot(std::string_view what, const fs::path& path, std::error_code error) {
  return base::MakeError(ErrorKind::kUnavailable, "cannot ", what, " ", path, ": ",
                         error.message(),
                         "; the repair can be begun again, nothing was lost by it");
}

// A name that no file has yet.
fs::path DroppedNameOf(const fs::path& path) {
  fs::path name = path;
  name += kDroppedSuffix;
  std::error_code error;
  for (int i = 2; fs::exists(name, error); ++i) {
    name = path;
    name += std::string(kDroppedSuffix) + "." + std::to_string(i);
  }
  return name;
}

// A segment that is to be written: a header, and what a run has of the old file.
struct NewSegment {
  SegmentHeader header;
  Run run;  // of no bytes: an empty segment
};

class Repairer {
 public:
  Repairer(const fs::path& folder, Salvage salvage)
      : folder_(folder), salvage_(std::move(salvage)) {}

  RepairReport Plan() {
    RepairReport report;
    for (size_t i = 0; i < salvage_.segments.size(); ++i) PlanOne(i, &report);
    CountLost(&report);
    return report;
  }

  // Does what Plan said.
  arrow::Status Do(const RepairReport& report, Files& files) {
    for (size_t i = 0; i < report.segments.size(); ++i) {
      const RepairedSegment& segment = report.segments[i];
      ARROW_RETURN_NOT_OK(Keep(segment, files));
      ARROW_RETURN_NOT_OK(Replace(segment, plans_[i], files));
    }
    return arrow::Status::OK();
  }

 private:
  void PlanOne(size_t i, RepairReport* report) {
    const SalvagedSegment& segment = salvage_.segments[i];
    const bool is_first = i == 0;
    const bool is_last = i + 1 == salvage_.segments.size();
    std::vector<NewSegment> plan;
    int64_t records = 0;
    for (const Run& run : segment.runs) {
      const bool gap = last_ + 1 < run.first;
      if (gap && (!is_first || run.first > segment.at.first) &&
          (segment.rewrite || rewrote_before_)) {
        report->lost.push_back({std::max(last_ + 1, FirstKnown()), run.first - 1});
      }
      const Position before = last_ == 0 ? run.first - 1 : last_;
      plan.push_back(
          {{.first = run.first, .synced = before, .salt = salvage_.salt}, run});
      last_ = run.last;
      records += static_cast<int64_t>(run.last - run.first + 1);
    }
    // The last segment tells the next position, also when it has nothing else.
    if (plan.empty() && is_last && segment.at.first > last_) {
      plan.push_back({{.first = segment.at.first,
                       .synced = last_ == 0 ? segment.at.first - 1 : last_,
                       .salt = salvage_.salt},
                      {}});
    }
    rewrote_before_ = segment.rewrite;
    report->records_left += records;
    if (!segment.rewrite) return;
    report->segments.push_back({.path = segment.at.path,
                                .kept_as = DroppedNameOf(segment.at.path),
                                .reason = segment.reason,
                                .records_left = records});
    plans_.push_back(std::move(plan));
  }

  // Which tables the lost records belong to, and those that no record follows.
  void CountLost(RepairReport* report) const {
    std::map<Position, std::string> damaged;
    for (const SalvagedSegment& segment : salvage_.segments) {
      for (const DamagedRecord& record : segment.damaged) {
        damaged.emplace(record.position, record.table);
      }
    }
    if (!damaged.empty() && damaged.rbegin()->first > last_) {
      report->lost.push_back({last_ + 1, damaged.rbegin()->first});
    }
    for (const LostRecords& lost : report->lost) {
      const auto end = damaged.upper_bound(lost.last);
      for (auto record = damaged.lower_bound(lost.first); record != end; ++record) {
        ++report->lost_by_table[record->second];
      }
    }
  }

  Position FirstKnown() const { return salvage_.segments.front().at.first; }

  // The original gets a second name, so that it is there at every moment.
  static arrow::Status Keep(const RepairedSegment& segment, Files& files) {
    std::error_code error;
    fs::create_hard_link(segment.path, segment.kept_as, error);
    if (error) fs::copy_file(segment.path, segment.kept_as, error);
    if (error) return Cannot("keep a copy of", segment.path, error);
    auto kept = files.Open(segment.kept_as);
    if (!kept) return Cannot("open", segment.kept_as, kept.error());
    if ((error = (*kept)->SyncAll())) return Cannot("sync", segment.kept_as, error);
    error = files.SyncFolder(segment.path.parent_path());
    if (error) return Cannot("sync", segment.path.parent_path(), error);
    return arrow::Status::OK();
  }

  arrow::Status Replace(const RepairedSegment& segment,
                        const std::vector<NewSegment>& plan, Files& files) const {
    // What comes later first: until the original is replaced, it has the rest.
    for (const NewSegment& made : std::views::reverse(plan)) {
      ARROW_RETURN_NOT_OK(Make(segment.kept_as, made, files));
    }
    std::error_code error;
    const fs::path name = segment.path.filename();
    if (plan.empty() || SegmentName(plan.front().header.first) != name) {
      if ((error = files.Remove(segment.path))) {
        return Cannot("remove", segment.path, error);
      }
      if ((error = files.SyncFolder(folder_))) return Cannot("sync", folder_, error);
    }
    return arrow::Status::OK();
  }

  // Writes one segment under another name, then gives it its own.
  arrow::Status Make(const fs::path& original, const NewSegment& made,
                     Files& files) const {
    const fs::path path = folder_ / SegmentName(made.header.first);
    fs::path unfinished = path;
    unfinished += kUnfinishedSuffix;
    auto file = files.Create(unfinished);
    if (!file) return Cannot("make", unfinished, file.error());
    HeaderBytes header = Encode(made.header);
    iovec piece = {header.data(), header.size()};
    std::error_code error = WriteAll(**file, {&piece, 1}, 0);
    if (!error) error = Copy(original, made.run, **file);
    if (!error) error = (*file)->SyncAll();
    if (!error) error = files.Rename(unfinished, path);
    if (!error) error = files.SyncFolder(folder_);
    if (error) return Cannot("write", path, error);
    return arrow::Status::OK();
  }

  static std::error_code Copy(const fs::path& from, const Run& run, File& to) {
    std::ifstream source(from, std::ios::binary);
    source.seekg(run.offset);
    std::vector<char> block(kCopyBytes);
    int64_t at = kHeaderBytes;
    for (int64_t left = run.end - run.offset; left > 0;) {
      const int64_t now = std::min(left, kCopyBytes);
      if (!source.read(block.data(), now))
        return std::make_error_code(std::errc::io_error);
      iovec piece = {block.data(), static_cast<size_t>(now)};
      if (auto error = WriteAll(to, {&piece, 1}, at)) return error;
      at += now;
      left -= now;
    }
    return {};
  }

  const fs::path folder_;
  const Salvage salvage_;
  std::vector<std::vector<NewSegment>> plans_;  // one for each segment of the report
  Position last_ = 0;
  bool rewrote_before_ = false;
};

arrow::Result<Repairer> MakeRepairer(const fs::path& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto paths, ListSegments(folder));
  ARROW_ASSIGN_OR_RAISE(auto salvage, SalvageSegments(paths));
  return Repairer(folder, std::move(salvage));
}

arrow::Status CheckFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return arrow::Status::OK();
  return base::MakeError(ErrorKind::kUnavailable, "there is no journal in ", folder,
                         "; give the folder of one");
}

}  // namespace

arrow::Result<RepairReport> PlanRepair(const fs::path& folder) {
  ARROW_RETURN_NOT_OK(CheckFolder(folder));
  ARROW_ASSIGN_OR_RAISE(const auto segments, ListSegments(folder));
  // Some other folder gets no lock.
  if (segments.empty()) return RepairReport();
  ARROW_ASSIGN_OR_RAISE(const auto lock, FolderLock::Take(folder));
  ARROW_ASSIGN_OR_RAISE(Repairer repairer, MakeRepairer(folder));
  return repairer.Plan();
}

arrow::Result<RepairReport> Repair(const fs::path& folder, Files& files) {
  ARROW_RETURN_NOT_OK(CheckFolder(folder));
  ARROW_ASSIGN_OR_RAISE(const auto lock, FolderLock::Take(folder));
  ARROW_ASSIGN_OR_RAISE(Repairer repairer, MakeRepairer(folder));
  RepairReport report = repairer.Plan();
  ARROW_RETURN_NOT_OK(repairer.Do(report, files));
  ARROW_ASSIGN_OR_RAISE(const auto segments, ListSegments(folder));
  ARROW_ASSIGN_OR_RAISE(const Walk walk, WalkLog(segments, [](const FoundRecord&) {
                          return arrow::Status::OK();
                        }));
  if (walk.damage) {
    return base::MakeError(ErrorKind::kInternal,
                           "the repair was not enough: ", walk.damage->text, " (",
                           walk.damage->path, "); the originals are kept beside it");
  }
  return report;
}

}  // namespace pintail::journal
