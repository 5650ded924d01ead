// Reads one segment, from its first byte to where its records end. Nothing in the file is
// believed before its checksum is right. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "journal/record_format.h"

namespace pintail::journal {

// A record in a segment, its checksums right.
struct FoundRecord {
  int64_t offset = 0;
  RecordHeader header;
  std::string_view names;               // table and key, in the mapped file
  std::shared_ptr<arrow::Buffer> body;  // keeps the mapping alive
};

class SegmentReader {
 public:
  // Maps the file. Unavailable when it cannot be read.
  static arrow::Result<std::unique_ptr<SegmentReader>> Open(
      const std::filesystem::path& path);

  const ParsedSegmentHeader& parsed() const { return parsed_; }
  const SegmentHeader& header() const { return parsed_.header; }
  int64_t file_bytes() const { return bytes_->size(); }

  // The record that begins at `offset`; nothing when there is none, or it is damaged.
  std::optional<FoundRecord> RecordAt(int64_t offset) const;

  // The next offset, from `from` on, where a record's header is intact and names a
  // position of at least `at_least`. What is behind the header may be damaged.
  struct FoundHeader {
    int64_t offset = 0;
    RecordHeader header;
    std::string_view table;  // in the mapped file
  };
  std::optional<FoundHeader> NextHeader(int64_t from, Position at_least) const;

  // Whether all bytes from `offset` on are zero, or there are none.
  bool IsBlankFrom(int64_t offset) const;

  // Without a good header of the segment nothing can be read; this makes one, for repair.
  void AssumeHeader(const SegmentHeader& header);
  // What the first record says that the journal's salt is, if it is intact.
  std::optional<uint64_t> SaltOfFirstRecord() const;

 private:
  explicit SegmentReader(std::shared_ptr<arrow::Buffer> bytes);
  std::span<const uint8_t> From(int64_t offset) const;

  const std::shared_ptr<arrow::Buffer> bytes_;
  ParsedSegmentHeader parsed_;
};

}  // namespace pintail::journal
