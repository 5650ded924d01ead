// Makes a damaged journal one that a start takes, without what is damaged: the work of
// `pintail journal repair`. Nothing is deleted: a segment that is changed is kept as it
// was under its name with ".dropped" behind it. It may be interrupted and begun again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "journal/files.h"
#include "journal/record.h"

namespace pintail::journal {

// Positions of which no record is left; both included.
struct LostRecords {
  Position first = 0;
  Position last = 0;
};

// A segment that does not stay as it is.
struct RepairedSegment {
  std::filesystem::path path;
  std::filesystem::path kept_as;  // the original, whole
  std::string reason;
  int64_t records_left = 0;
};

struct RepairReport {
  std::vector<RepairedSegment> segments;  // none: nothing had to be done
  // What can be told of them: of a segment in which nothing can be read, and behind which
  // there is none, nobody knows how many records it had.
  std::vector<LostRecords> lost;
  // How many of the lost records belong to which table, as far as that can be read.
  std::map<std::string, int64_t> lost_by_table;
  int64_t records_left = 0;  // in all segments
};

// What Repair would do. Changes nothing. Errors as Repair.
arrow::Result<RepairReport> PlanRepair(const std::filesystem::path& folder);

// Unavailable when the folder is in use, cannot be read or written, or holds a segment of
// a newer version; nothing is changed then, or what was begun can be begun again.
arrow::Result<RepairReport> Repair(const std::filesystem::path& folder, Files& files);

}  // namespace pintail::journal
