// Numbers about a journal, for metrics. Plain values; copy freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "journal/record.h"

namespace pintail::journal {

// What syncs took.
struct SyncTimes {
  int64_t count = 0;
  std::chrono::nanoseconds sum{0};
  std::chrono::nanoseconds last{0};
  std::chrono::nanoseconds longest{0};
};

struct Figures {
  int64_t bytes = 0;  // of the records in all segments, their headers included
  int64_t segments = 0;
  Position newest = 0;    // of the last record that was published
  Position synced = 0;    // all at or below are on the disk
  Position released = 0;  // all at or below are needed no more
  // Since it was opened:
  int64_t records = 0;  // published
  int64_t groups = 0;   // writes that these took
  SyncTimes syncs;
  int64_t failed_writes = 0;  // failed syncs too
  std::string fault;          // why the last write or sync failed; empty when it did not
  // At this moment:
  int64_t queued = 0;   // records that wait to be written
  int64_t waiting = 0;  // callers that wait for room
  bool failed = false;  // it takes nothing more until it is opened again
};

}  // namespace pintail::journal
