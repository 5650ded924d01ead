#include "journal/recovery.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

#include "base/error.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;

constexpr size_t kDigits = 20;

// The first position by the name of a segment; nothing for other files.
std::optional<Position> FirstByName(const std::string& name) {
  if (name.size() != kDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) {
    return std::nullopt;
  }
  Position first = 0;
  const char* end = name.data() + kDigits;
  const auto parsed = std::from_chars(name.data(), end, first);
  if (parsed.ec != std::errc() || parsed.ptr != end || first == 0) return std::nullopt;
  return first;
}

class Walker {
 public:
  Walker(const std::vector<SegmentPath>& paths,
         const std::function<arrow::Status(const FoundRecord&)>& visit)
      : paths_(paths), visit_(visit) {}

  arrow::Result<Walk> Run() {
    for (size_t i = 0; i < paths_.size() && !walk_.damage; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto reader, SegmentReader::Open(paths_[i].path));
      walk_.damage = CheckHeader(*reader, i);
      if (!walk_.damage) ARROW_RETURN_NOT_OK(WalkRecords(*reader, i));
    }
    return std::move(walk_);
  }

 private:
  Damage At(size_t i, Damage damage) const {
    damage.path = paths_[i].path;
    return damage;
  }

  // All that a segment should have held, which is not known of the last one.
  Position LastOf(size_t i) const {
    return i + 1 < paths_.size() ? paths_[i + 1].first - 1 : 0;
  }

  std::optional<Damage> CheckHeader(const SegmentReader& reader, size_t i) const {
    auto no_segment = [&](std::string text) {
      return At(i, {.kind = Damage::Kind::kNoSegment,
                    .first_lost = paths_[i].first,
                    .last_lost = LastOf(i),
                    .text = std::move(text)});
    };
    if (reader.parsed().fault == HeaderFault::kNoSegment) {
      return no_segment("the file does not begin as a segment of the journal");
    }
    if (reader.parsed().fault) return no_segment("the header of the segment is damaged");
    const SegmentHeader& header = reader.header();
    if (header.version > kVersion) {
      return At(i, {.kind = Damage::Kind::kNewerVersion,
                    .text = "it was written by a newer version of this program (format " +
                            std::to_string(header.version) + ", this one reads up to " +
                            std::to_string(kVersion) + ")"});
    }
    if (header.first != paths_[i].first) {
      return no_segment("the segment is not the one that its name says");
    }
    if (i == 0) return std::nullopt;
    const WalkedSegment& before = walk_.segments.back();
    if (header.salt != before.header.salt) {
      return no_segment("the segment belongs to another journal");
    }
    if (header.first <= before.last) {
      return no_segment("the segment begins before the end of the one before it");
    }
    // What lies between may be missing if it was never synced.
    if (before.last + 1 < header.first && before.last < header.synced) {
      return At(
          i - 1,
          {.kind = before.blank_end ? Damage::Kind::kMissing : Damage::Kind::kRecord,
           .offset = before.end,
           .first_lost = before.last + 1,
           .last_lost = header.first - 1,
           .text = before.blank_end ? "records that were acknowledged are missing"
                                    : "a record that was acknowledged is damaged"});
    }
    return std::nullopt;
  }

  arrow::Status WalkRecords(const SegmentReader& reader, size_t i) {
    WalkedSegment segment = {.header = reader.header(),
                             .last = reader.header().first - 1,
                             .end = kHeaderBytes,
                             .file_bytes = reader.file_bytes()};
    while (const auto record = reader.RecordAt(segment.end)) {
      if (record->header.position != segment.last + 1) break;
      ARROW_RETURN_NOT_OK(visit_(*record));
      segment.last = record->header.position;
      segment.end += record->header.record_bytes();
    }
    segment.end = std::min(segment.end, segment.file_bytes);
    segment.blank_end = reader.IsBlankFrom(segment.end);
    if (!segment.blank_end) {
      auto damage = FindSyncedLater(reader, segment.end, segment.last + 1);
      if (damage) walk_.damage = At(i, *std::move(damage));
    }
    walk_.segments.push_back(segment);
    return arrow::Status::OK();
  }

  const std::vector<SegmentPath>& paths_;
  const std::function<arrow::Status(const FoundRecord&)>& visit_;
  Walk walk_;
};

arrow::Status CannotSettle(const std::filesystem::path& path, std::error_code error) {
  return base::MakeError(ErrorKind::kUnavailable, "cannot write ", path, ": ",
                         error.message(), "; the journal needs to");
}

uint64_t RandomSalt() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace

std::optional<Damage> FindSyncedLater(const SegmentReader& reader, int64_t offset,
                                      Position expected) {
  std::optional<Position> next_intact;
  int64_t from = offset;
  while (const auto later = reader.NextHeader(from, expected + 1)) {
    if (!next_intact) next_intact = later->header.position;
    if (later->header.synced >= expected) {
      return Damage{.kind = Damage::Kind::kRecord,
                    .offset = offset,
                    .first_lost = expected,
                    .last_lost = *next_intact - 1,
                    .text = "a record that was acknowledged is damaged"};
    }
    from = later->offset + kAlignment;
  }
  return std::nullopt;
}

arrow::Result<std::vector<SegmentPath>> ListSegments(
    const std::filesystem::path& folder) {
  std::vector<SegmentPath> segments;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    if (const auto first = FirstByName(entry->path().filename().native())) {
      segments.push_back({*first, entry->path()});
    }
  }
  if (error) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot read the journal's folder ",
                           folder, ": ", error.message());
  }
  std::ranges::sort(segments, {}, &SegmentPath::first);
  return segments;
}

arrow::Result<Walk> WalkLog(
    const std::vector<SegmentPath>& segments,
    const std::function<arrow::Status(const FoundRecord&)>& visit) {
  return Walker(segments, visit).Run();
}

arrow::Status Refusal(const Damage& damage) {
  if (damage.kind == Damage::Kind::kNewerVersion) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot read the journal's ",
                           damage.path, ": ", damage.text,
                           "; nothing was changed. Use the newer version");
  }
  const std::filesystem::path folder = damage.path.parent_path();
  std::string lost = "record " + std::to_string(damage.first_lost);
  if (damage.last_lost == 0) {
    lost += " and all behind it in this segment";
  } else if (damage.last_lost > damage.first_lost) {
    lost = "records " + std::to_string(damage.first_lost) + " to " +
           std::to_string(damage.last_lost);
  }
  return base::MakeError(ErrorKind::kUnavailable, "the journal is damaged: ", damage.text,
                         " (", damage.path, " at byte ", damage.offset, "); ", lost,
                         " would be lost. Nothing was changed. `pintail journal check ",
                         folder, "` says what is there, `pintail journal repair ", folder,
                         "` goes on without what is lost and keeps the damaged files");
}

arrow::Result<LogEnd> SettleLog(const std::filesystem::path& folder, const Walk& walk,
                                Files& files, Position at_least) {
  LogEnd log_end = {.next = at_least + 1, .synced = at_least, .salt = RandomSalt()};
  for (const WalkedSegment& segment : walk.segments) {
    const auto path = folder / SegmentName(segment.header.first);
    auto file = files.Open(path);
    if (!file) return CannotSettle(path, file.error());
    // Records whose process ended before a sync are in the kernel's memory only.
    std::error_code error;
    if (segment.file_bytes != segment.end) error = (*file)->Truncate(segment.end);
    if (!error) error = (*file)->SyncAll();
    if (error) return CannotSettle(path, error);
    log_end.sealed.push_back(
        {.first = segment.header.first, .last = segment.last, .bytes = segment.end});
  }
  if (!walk.segments.empty()) {
    const WalkedSegment& newest = walk.segments.back();
    log_end.salt = newest.header.salt;
    log_end.synced = newest.last;
    log_end.next = std::max(newest.last, at_least) + 1;
  }
  return log_end;
}

}  // namespace pintail::journal
