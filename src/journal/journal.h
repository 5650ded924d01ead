// The durable log of all commits that are not in the database yet. It knows nothing of
// tables and databases: it takes records, says when they are safe, and hands them out
// again when it is opened (docs/decisions/007-journal.md).
//
// One caller at a time writes: it takes all records that wait, writes them with one call,
// syncs once if any of them asks for it, publishes them in the order of their positions
// and wakes their callers. Everything here may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "arrow/result.h"
#include "base/call_context.h"
#include "journal/figures.h"
#include "journal/ground.h"
#include "journal/record.h"

namespace pintail::journal {

class Journal {
 public:
  struct Options {
    std::filesystem::path folder;
    // A segment has this size; a record that is larger has a segment of its own.
    int64_t segment_bytes = int64_t{64} << 20;
    // Of all records that were not released. On the disk there may be one segment more,
    // which is allocated ahead.
    int64_t max_bytes = int64_t{4} << 30;
    // How long a record waits for room at most, whatever its call's deadline is.
    std::chrono::milliseconds patience{10'000};
    // A record of Durability::kInterval is synced after this at the latest.
    std::chrono::milliseconds sync_interval{1000};
    // When nothing was appended for so long and all is released, the log shrinks to an
    // empty segment.
    std::chrono::milliseconds idle_interval{5000};
    // Positions are given out from above this, whatever the log says: the highest that
    // the database knows. After a crash of the machine the log may have lost records
    // without sync that the database has; their positions must not be given again.
    Position at_least = 0;
  };

  // Gets every record that was not released, in the order of positions, and some that
  // were. The batches are mapped from the files; they stay readable when those are gone.
  using Replay = std::function<arrow::Status(Position, Record)>;

  // Opens the journal of a folder, or makes one. A torn end is cut. Unavailable when
  // another process has it, when the log is damaged (the message says where, what would
  // be lost, and how to go on; nothing was changed then), or was written by a newer
  // version; or what `replay` returned.
  static arrow::Result<std::unique_ptr<Journal>> Open(Options options,
                                                      const Ground& ground,
                                                      const Replay& replay);

  // As Stop; then waits until the last Append has returned.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Writes the record, with the time of now, and returns its position once it is as
  // durable as was asked for and published. `publish` is called before, in the order of
  // positions, by this thread or another that is in Append; it must not block, throw or
  // call the journal.
  //
  // When there is no room, waits for Release until the call's deadline, and no longer
  // than `patience`: ResourceExhausted then, and at once for a record that never fits or
  // when the disk is full. Unavailable when writing failed or the journal stops.
  // InvalidArgument as EncodedRecord::Of. Once the record waits to be written, the call
  // can not be cancelled any more. After an error `publish` was not called and will not
  // be; the record will not be replayed either, unless Figures::failed tells that it
  // could not be taken back.
  arrow::Result<Position> Append(const base::CallContext& call, Record record,
                                 Durability durability,
                                 std::function<void(Position)> publish);

  // Every record at or below is needed no more. Segments that hold no other are removed,
  // soon and on the journal's thread. Never goes back.
  void Release(Position position);

  // Refuses new records, writes those that wait, syncs, and ends the journal's thread.
  void Stop();

  Figures figures() const;

 private:
  class State;
  explicit Journal(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace pintail::journal
