// Finds all records that are left in a journal's segments, however damaged they are, and
// decides which segments have to be written anew. Reads only. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "journal/record_format.h"
#include "journal/recovery.h"

namespace pintail::journal {

// Whole records of positions without a gap, one behind the other in a segment.
struct Run {
  Position first = 0;
  Position last = 0;
  int64_t offset = 0;
  int64_t end = 0;
};

// A record of which only the header, with the table's name, can be believed.
struct DamagedRecord {
  Position position = 0;
  std::string table;
};

struct SalvagedSegment {
  SegmentPath at;
  std::vector<Run> runs;  // what is left; a start sees no more than the first
  bool rewrite = false;
  std::string reason;                  // why it is written anew
  std::vector<DamagedRecord> damaged;  // in a segment that is written anew
};

struct Salvage {
  uint64_t salt = 0;
  std::vector<SalvagedSegment> segments;
};

// Unavailable when a segment cannot be read or is of a newer version.
arrow::Result<Salvage> SalvageSegments(const std::vector<SegmentPath>& paths);

}  // namespace pintail::journal
