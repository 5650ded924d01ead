// A record to bytes and back. Large columns are neither copied on the way out nor on the
// way in.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "journal/record.h"
#include "journal/record_format.h"

namespace pintail::journal {

// A record as it will be written, all but what only the writer knows. One thread at a
// time.
class EncodedRecord {
 public:
  // InvalidArgument when the record has no batch, no column, no table, names that are too
  // long, or batches that are not of its schema.
  static arrow::Result<EncodedRecord> Of(const Record& record);

  // Fills in what the writer knows. Must come before AppendTo.
  void Place(Position position, Position synced, uint64_t salt);
  // Appends where the bytes are, padding included. They stay there while this record
  // does, and is not moved.
  void AppendTo(std::vector<iovec>* pieces);

  int64_t record_bytes() const { return header_.record_bytes(); }
  Position position() const { return header_.position; }

 private:
  // Either a buffer of its own, or a part of `small_`.
  struct Piece {
    std::shared_ptr<arrow::Buffer> buffer;
    int64_t small_offset = 0;
    int64_t bytes = 0;
  };
  class Collector;

  EncodedRecord() = default;
  const uint8_t* AddressOf(const Piece& piece) const;

  RecordHeader header_;
  std::string head_;   // the header, the names and their padding
  std::string small_;  // bytes that are cheaper to copy than to point at
  std::vector<Piece> pieces_;
};

// The record of a header whose checksums agree. `names` are the bytes behind it, `body`
// lives as long as anyone holds the batches. InvalidArgument when the body is not what
// Append wrote: every batch is validated in full.
arrow::Result<Record> DecodeRecord(const RecordHeader& header, std::string_view names,
                                   const std::shared_ptr<arrow::Buffer>& body);

}  // namespace pintail::journal
