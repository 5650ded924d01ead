// The bytes of a segment, byte by byte: a header of 64 bytes, then records one after the
// other, then zeros where the file was allocated ahead. Numbers are little-endian; each
// record, and each body in it, begins at a multiple of 64 bytes.
//
// record: header (64 bytes) | table | producer key | padding | body | padding
// The body is an Arrow IPC stream. Pure functions, callable from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "journal/record.h"

namespace pintail::journal {

inline constexpr int64_t kAlignment = 64;
inline constexpr int64_t kHeaderBytes = 64;  // of a segment, and of a record
inline constexpr uint32_t kVersion = 1;
inline constexpr int64_t kMaxNameBytes = 64 << 10;  // of a table's name, of a key
// A body that claims more is no body.
inline constexpr int64_t kMaxBodyBytes = int64_t{1} << 46;

constexpr int64_t Aligned(int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

using HeaderBytes = std::array<uint8_t, kHeaderBytes>;

// The first bytes of a segment.
struct SegmentHeader {
  uint32_t version = kVersion;
  Position first = 0;  // of the first record in it, or of the next if it has none
  // Every position at or below was durable, or needed no more, when the segment was made.
  // Those between this and `first` may be missing: they were written after a sync that
  // failed, or the journal was told to begin higher.
  Position synced = 0;
  // Is in the header of each record too, so that nothing that a client sends can look
  // like a record. Random, the same over the life of the journal, and never shown.
  uint64_t salt = 0;
};

HeaderBytes Encode(const SegmentHeader& header);

enum class HeaderFault : uint8_t { kNoSegment, kChecksum };

struct ParsedSegmentHeader {
  std::optional<HeaderFault> fault;
  // Of a newer version only `version` is to be believed.
  SegmentHeader header;
};

ParsedSegmentHeader ParseSegmentHeader(std::span<const uint8_t> bytes);

// The first bytes of a record.
struct RecordHeader {
  Position position = 0;
  Position synced = 0;  // the highest that was known to be synced when it was written
  int64_t time_ns = 0;  // since 1970, wall clock
  int64_t body_bytes = 0;
  uint32_t body_checksum = 0;
  uint32_t table_bytes = 0;
  uint32_t key_bytes = 0;
  uint64_t salt = 0;  // that of the segment

  int64_t names_bytes() const { return int64_t{table_bytes} + key_bytes; }
  int64_t body_offset() const { return kHeaderBytes + Aligned(names_bytes()); }
  // From the record's first byte to that of the next.
  int64_t record_bytes() const { return body_offset() + Aligned(body_bytes); }
};

// `names` is the table and the key, one after the other.
HeaderBytes Encode(const RecordHeader& header, std::string_view names);

// The header, and the names behind it, of the record that `bytes` begins with; nothing
// when it is none, or is damaged. The body may lie beyond the end of `bytes`. Whether the
// salt is the right one is for the caller to see.
std::optional<RecordHeader> ParseRecordHeader(std::span<const uint8_t> bytes);

}  // namespace pintail::journal
