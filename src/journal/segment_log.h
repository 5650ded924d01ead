// The segments as who has the log sees them: writes groups, syncs, goes from one segment
// to the next, removes those that are needed no more. One thread at a time; nothing here
// is locked.
//
// The rule behind it: whatever an error left in a file is either cut away for good before
// anything else is written, or nothing is written any more.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "arrow/status.h"
#include "journal/figures.h"
#include "journal/ground.h"
#include "journal/record_codec.h"
#include "journal/record_format.h"
#include "journal/segment_file.h"

namespace pintail::journal {

// A segment that is written no more.
struct SealedSegment {
  Position first = 0;
  Position last = 0;  // first - 1 when it has no record
  int64_t bytes = 0;
};

// Where recovery found the end.
struct LogEnd {
  Position next = 1;    // what the next record gets
  Position synced = 0;  // all at or below are durable
  uint64_t salt = 0;
  std::deque<SealedSegment> sealed;  // in order
};

class SegmentLog {
 public:
  struct Options {
    std::filesystem::path folder;
    int64_t segment_bytes = 0;
  };

  // What `ground` refers to outlives it.
  SegmentLog(Options options, const Ground& ground, LogEnd end);

  // How many of the records one call of Write takes: those that fit into one segment.
  size_t GroupSize(std::span<EncodedRecord* const> records) const;
  // Writes the records and gives them their positions. When `sync`, they and all before
  // them are on the disk then. On an error nothing of them will be found by a later
  // start, or the journal has failed for good (see failure()).
  arrow::Status Write(std::span<EncodedRecord* const> records, bool sync);
  // Syncs what was written without.
  arrow::Status Sync();
  // Removes the segments that hold nothing above `released`, oldest first, but for the
  // newest: it tells which position is the next. Tries again what failed before.
  void Remove(Position released);
  // The same for the newest too, if all of it is released: an empty one takes its place.
  void RemoveAll(Position released);
  // At the end: syncs what was not, gives room back.
  arrow::Status Close();

  // OK while it can write. Once not, it is never again.
  const arrow::Status& failure() const { return failure_; }
  Position newest() const { return next_ - 1; }
  Position synced() const { return synced_; }
  // Whether Sync has something to do.
  bool has_unsynced() const { return unsynced_; }
  int64_t segments() const;
  // Of all segments, without room that was only taken ahead.
  int64_t bytes() const;
  const SyncTimes& sync_times() const { return sync_times_; }
  int64_t failed_writes() const { return failed_writes_; }

 private:
  // Makes a new segment when the bytes do not fit into the current one.
  arrow::Status MakeRoom(int64_t bytes);
  arrow::Status MakeSegment();
  std::error_code SyncCurrent();
  // Ends the current segment: nothing is written to it any more.
  void Seal();
  // Ends it after an error, with all that was not acknowledged cut away.
  arrow::Status CutAndSeal(const arrow::Status& reason);
  arrow::Status Explain(std::error_code error, std::string_view what) const;

  const Options options_;
  Files& files_;
  base::Log& log_;
  const base::Clock& clock_;
  const uint64_t salt_;

  std::deque<SealedSegment> sealed_;
  std::unique_ptr<SegmentFile> current_;  // null until something is to be written
  Position current_first_ = 0;
  int64_t current_room_ = 0;  // bytes; 0 until the first group
  Position next_;
  // All at or below are durable, as far as anyone can know.
  Position synced_;
  bool unsynced_ = false;  // the current segment has records that no sync followed
  arrow::Status failure_;
  SyncTimes sync_times_;
  int64_t failed_writes_ = 0;
  std::vector<iovec> pieces_;  // kept for its memory
};

}  // namespace pintail::journal
