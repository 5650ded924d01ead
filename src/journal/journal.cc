#include "journal/journal.h"

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "journal/folder_lock.h"
#include "journal/group_writer.h"
#include "journal/record_codec.h"
#include "journal/recovery.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;

arrow::Status CheckOptions(const Journal::Options& options) {
  if (options.segment_bytes >= 4096 && options.max_bytes >= options.segment_bytes &&
      options.sync_interval.count() > 0 && options.idle_interval.count() > 0) {
    return arrow::Status::OK();
  }
  return base::MakeError(
      ErrorKind::kInvalidArgument, "a journal of ", options.max_bytes,
      " bytes in segments of ", options.segment_bytes, " bytes, synced each ",
      options.sync_interval.count(), " ms and idle after ", options.idle_interval.count(),
      " ms, cannot be: segments take at least 4096 bytes, the journal at least one "
      "segment, and the intervals are above 0");
}

// What a crash left of segments that were being made.
arrow::Status RemoveUnfinished(const std::filesystem::path& folder, Files& files) {
  std::vector<std::filesystem::path> unfinished;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().native().ends_with(kUnfinishedSuffix)) {
      unfinished.push_back(entry->path());
    }
  }
  for (const auto& path : unfinished) {
    if (!error) error = files.Remove(path);
  }
  if (!error) return arrow::Status::OK();
  return base::MakeError(ErrorKind::kUnavailable, "cannot prepare the journal's folder ",
                         folder, ": ", error.message());
}

arrow::Status ReplayOne(const FoundRecord& found, const std::filesystem::path& folder,
                        const Journal::Replay& replay) {
  auto record = DecodeRecord(found.header, found.names, found.body);
  if (!record.ok()) {
    return base::MakeError(
        ErrorKind::kInternal, "record ", found.header.position,
        " of the journal is whole, but cannot be read: ", record.status().message(),
        "; `pintail journal repair ", folder, "` goes on without it and keeps it");
  }
  return replay(found.header.position, *std::move(record));
}

}  // namespace

class Journal::State {
 public:
  State(std::unique_ptr<FolderLock> folder_lock, GroupWriter::Options options,
        const Ground& ground, LogEnd end)
      : lock(std::move(folder_lock)),
        clock(ground.clock),
        writer(std::move(options), ground, std::move(end)) {}

  const std::unique_ptr<FolderLock> lock;  // given back last
  const base::Clock& clock;
  GroupWriter writer;
};

arrow::Result<std::unique_ptr<Journal>> Journal::Open(Options options,
                                                      const Ground& ground,
                                                      const Replay& replay) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_ASSIGN_OR_RAISE(auto lock, FolderLock::Take(options.folder));
  ARROW_ASSIGN_OR_RAISE(const auto segments, ListSegments(options.folder));
  ARROW_ASSIGN_OR_RAISE(const Walk walk, WalkLog(segments, [&](const FoundRecord& found) {
                          return ReplayOne(found, options.folder, replay);
                        }));
  if (walk.damage) return Refusal(*walk.damage);
  ARROW_RETURN_NOT_OK(RemoveUnfinished(options.folder, ground.files));
  ARROW_ASSIGN_OR_RAISE(auto end,
                        SettleLog(options.folder, walk, ground.files, options.at_least));
  if (!walk.segments.empty() && !walk.segments.back().blank_end) {
    const WalkedSegment& last = walk.segments.back();
    ground.log.Warn("cut the end of the journal, which was never acknowledged as synced",
                    {{"after_position", static_cast<int64_t>(last.last)},
                     {"bytes", last.file_bytes - last.end}});
  }
  const Position newest = walk.segments.empty() ? 0 : walk.segments.back().last;
  if (options.at_least > newest) {
    ground.log.Warn(
        "the database knows of records that this journal never had; if it was used with "
        "another folder, bring that back: rows may be in it that are nowhere else",
        {{"folder", options.folder.native()},
         {"newest_in_journal", static_cast<int64_t>(newest)},
         {"newest_in_database", static_cast<int64_t>(options.at_least)}});
  }
  GroupWriter::Options writer = {
      .log = {.folder = options.folder, .segment_bytes = options.segment_bytes},
      .max_bytes = options.max_bytes,
      .patience = options.patience,
      .sync_interval = options.sync_interval,
      .idle_interval = options.idle_interval,
  };
  return std::unique_ptr<Journal>(new Journal(std::make_unique<State>(
      std::move(lock), std::move(writer), ground, std::move(end))));
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}

Journal::~Journal() = default;

arrow::Result<Position> Journal::Append(const base::CallContext& call, Record record,
                                        Durability durability,
                                        std::function<void(Position)> publish) {
  record.time = state_->clock.WallNow();
  ARROW_ASSIGN_OR_RAISE(EncodedRecord encoded, EncodedRecord::Of(record));
  WaitingRecord waiting = {.record = std::move(encoded),
                           .durability = durability,
                           .publish = std::move(publish)};
  ARROW_RETURN_NOT_OK(state_->writer.Write(call, waiting));
  return waiting.record.position();
}

void Journal::Release(Position position) { state_->writer.Release(position); }

void Journal::Stop() { state_->writer.Stop(); }

Figures Journal::figures() const { return state_->writer.figures(); }

}  // namespace pintail::journal
