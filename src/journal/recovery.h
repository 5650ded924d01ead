// What is in a journal's folder: which records are whole, where the log ends, and whether
// what does not fit was never acknowledged (torn: it is cut) or is damage (corrupt).
// Nothing here writes, but for SettleLog.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "journal/files.h"
#include "journal/record.h"
#include "journal/segment_log.h"
#include "journal/segment_reader.h"

namespace pintail::journal {

struct SegmentPath {
  Position first = 0;  // by its name
  std::filesystem::path path;
};

// The segments of a folder in order. Unavailable when it cannot be read.
arrow::Result<std::vector<SegmentPath>> ListSegments(const std::filesystem::path& folder);

// Why the log cannot be read to its end.
struct Damage {
  enum class Kind : uint8_t {
    kNewerVersion,  // nothing is wrong with it
    kNoSegment,     // the header of a segment is damaged, or it is another file
    kMissing,       // a segment, or the end of one, is not there
    kRecord,        // a record is damaged
  };
  Kind kind = Kind::kRecord;
  std::filesystem::path path;
  int64_t offset = 0;
  // What is lost without it, as far as can be told: positions, both included.
  Position first_lost = 0;
  Position last_lost = 0;
  std::string text;  // a sentence for people, without what to do
};

// A record is bad at `offset`, where `expected` should be. When a later one of the same
// segment names it as synced it was acknowledged: the damage is returned, without path.
std::optional<Damage> FindSyncedLater(const SegmentReader& reader, int64_t offset,
                                      Position expected);

// One segment, walked from its first record to where they end.
struct WalkedSegment {
  SegmentHeader header;
  Position last = 0;  // header.first - 1 when it has no record
  int64_t end = 0;    // behind its last record
  int64_t file_bytes = 0;
  bool blank_end = true;  // nothing but zeros, or nothing, behind `end`
};

struct Walk {
  std::vector<WalkedSegment> segments;  // up to the damage, if there is some
  std::optional<Damage> damage;
};

// Walks all segments in order and hands out each record that is whole and in its place.
// A status that `visit` returns ends the walk and is returned.
arrow::Result<Walk> WalkLog(
    const std::vector<SegmentPath>& segments,
    const std::function<arrow::Status(const FoundRecord&)>& visit);

// The damage as the error of a start.
arrow::Status Refusal(const Damage& damage);

// Makes the files end where their records do, for good, and the records durable; returns
// where the log goes on. `at_least`: the next position is above it.
arrow::Result<LogEnd> SettleLog(const std::filesystem::path& folder, const Walk& walk,
                                Files& files, Position at_least);

}  // namespace pintail::journal
