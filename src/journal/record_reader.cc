#include "journal/record_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <format>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "journal/checksum.h"
#include "journal/record_codec.h"
#include "journal/recovery.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;
using base::MakeError;

// Most records have their header and names in this.
constexpr int64_t kGlance = 4096;
constexpr int64_t kMostHead = kHeaderBytes + 2 * kMaxNameBytes;

arrow::Status CannotRead(const std::filesystem::path& path, int error) {
  return MakeError(ErrorKind::kUnavailable, "cannot read ", path, ": ",
                   std::generic_category().message(error));
}

}  // namespace

// A segment that may still be written. Read by calls, not mapped: its file gets shorter
// when it is sealed.
class RecordReader::Segment {
 public:
  static arrow::Result<std::unique_ptr<Segment>> Open(const SegmentPath& segment) {
    const int file = open(segment.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file == -1) return CannotRead(segment.path, errno);
    std::unique_ptr<Segment> opened(new Segment(segment, file));
    ARROW_ASSIGN_OR_RAISE(const auto bytes, opened->Read(0, kHeaderBytes));
    const auto parsed = ParseSegmentHeader(bytes);
    if (parsed.fault) {
      return MakeError(ErrorKind::kUnavailable, segment.path,
                       " is no segment of a journal any more");
    }
    opened->salt_ = parsed.header.salt;
    return opened;
  }
  ~Segment() { close(file_); }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  Position first() const { return segment_.first; }
  bool is_untouched() const { return offset_ == kHeaderBytes; }

  // The record that comes next, or nothing when none is there yet or any more.
  struct Head {
    RecordHeader header;
    std::vector<uint8_t> bytes;
    std::string_view table() const {
      return {reinterpret_cast<const char*>(bytes.data()) + kHeaderBytes,
              header.table_bytes};
    }
    std::string_view names() const {
      return {reinterpret_cast<const char*>(bytes.data()) + kHeaderBytes,
              static_cast<size_t>(header.names_bytes())};
    }
  };
  arrow::Result<std::optional<Head>> Peek() {
    for (const int64_t glance : {kGlance, kMostHead}) {
      Head head;
      ARROW_ASSIGN_OR_RAISE(head.bytes, Read(offset_, glance));
      const auto header = ParseRecordHeader(head.bytes);
      if (!header) continue;
      if (header->salt != salt_) return std::nullopt;
      head.header = *header;
      return head;
    }
    return std::nullopt;
  }
  void Skip(const Head& head) { offset_ += head.header.record_bytes(); }

  arrow::Result<Found> ReadRecord(const Head& head) {
    const auto& header = head.header;
    ARROW_ASSIGN_OR_RAISE(auto body, arrow::AllocateBuffer(header.body_bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t got,
                          ReadInto(offset_ + header.body_offset(), body->mutable_data(),
                                   header.body_bytes));
    const std::span bytes(body->data(), static_cast<size_t>(got));
    if (got < header.body_bytes || Checksum(bytes) != header.body_checksum) {
      return MakeError(ErrorKind::kUnavailable, "record ", header.position, " in ",
                       segment_.path, " is damaged");
    }
    ARROW_ASSIGN_OR_RAISE(Record record,
                          DecodeRecord(header, head.names(),
                                       std::shared_ptr<arrow::Buffer>(std::move(body))));
    return Found{.position = header.position,
                 .bytes = header.body_bytes,
                 .record = std::move(record)};
  }

 private:
  Segment(SegmentPath segment, int file) : segment_(std::move(segment)), file_(file) {}

  arrow::Result<int64_t> ReadInto(int64_t offset, uint8_t* to, int64_t bytes) {
    int64_t all = 0;
    while (all < bytes) {
      const ssize_t got = pread(file_, to + all, bytes - all, offset + all);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return CannotRead(segment_.path, errno);
      if (got == 0) break;
      all += got;
    }
    return all;
  }
  arrow::Result<std::vector<uint8_t>> Read(int64_t offset, int64_t bytes) {
    std::vector<uint8_t> block(static_cast<size_t>(bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadInto(offset, block.data(), bytes));
    block.resize(static_cast<size_t>(got));
    return block;
  }

  const SegmentPath segment_;
  const int file_;
  uint64_t salt_ = 0;
  int64_t offset_ = kHeaderBytes;
};

RecordReader::RecordReader(std::filesystem::path folder) : folder_(std::move(folder)) {}

RecordReader::~RecordReader() = default;

void RecordReader::Seek(Position after) {
  // Backwards from the beginning; forwards the segment that is open may do.
  if (after < position_) segment_ = nullptr;
  position_ = after;
}

arrow::Result<bool> RecordReader::OpenSegment() {
  ARROW_ASSIGN_OR_RAISE(const auto segments, ListSegments(folder_));
  const SegmentPath* chosen = nullptr;
  for (const SegmentPath& each : segments) {
    if (segment_ && each.first <= segment_->first()) continue;
    // The last one that begins at or below the next position, or the first of the others.
    if (chosen && each.first > position_ + 1) break;
    chosen = &each;
  }
  if (!chosen) return false;
  ARROW_ASSIGN_OR_RAISE(segment_, Segment::Open(*chosen));
  return true;
}

arrow::Result<std::optional<RecordReader::Found>> RecordReader::Next(const Wanted& wanted,
                                                                     Position up_to) {
  while (position_ < up_to) {
    if (!segment_) {
      ARROW_ASSIGN_OR_RAISE(const bool opened, OpenSegment());
      if (!opened) return std::nullopt;
    }
    ARROW_ASSIGN_OR_RAISE(const auto head, segment_->Peek());
    if (!head) {
      if (segment_->is_untouched()) {
        // The newest one, without records: it may be replaced by one of its name.
        segment_ = nullptr;
        return std::nullopt;
      }
      // Published records come after this segment, if any are left.
      ARROW_ASSIGN_OR_RAISE(const bool opened, OpenSegment());
      if (!opened) return std::nullopt;
      continue;
    }
    // It may be one that is being written, or will be cut away.
    if (head->header.position > up_to) return std::nullopt;
    if (head->header.position > position_ && wanted(head->table())) {
      ARROW_ASSIGN_OR_RAISE(Found found, segment_->ReadRecord(*head));
      segment_->Skip(*head);
      position_ = found.position;
      return found;
    }
    position_ = std::max(position_, head->header.position);
    segment_->Skip(*head);
  }
  return std::nullopt;
}

arrow::Result<std::string> IdentityOf(const std::filesystem::path& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto segments, ListSegments(folder));
  if (segments.empty()) return std::string();
  ARROW_ASSIGN_OR_RAISE(const auto reader, SegmentReader::Open(segments.back().path));
  const uint64_t salt = reader->header().salt;
  // 40 bits of a mix of 64: nobody gets the number back from them.
  uint64_t mixed = (salt ^ (salt >> 31)) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 29)) * 0xd1b54a32d192ed03U;
  return std::format("{:010x}", (mixed ^ (mixed >> 32)) & 0xff'ffff'ffffU);
}

}  // namespace pintail::journal
