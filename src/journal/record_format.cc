#include "journal/record_format.h"

#include <bit>
#include <cstring>

#include "journal/checksum.h"

namespace pintail::journal {
namespace {

constexpr std::array<uint8_t, 8> kSegmentMagic = {'P', 'T', 'L', 'J', 'R', 'N', 'L', 10};
constexpr uint32_t kRecordMagic = 0xC0DE5EA7;

// Where the fields of a segment's header are.
constexpr size_t kVersionAt = 8;
constexpr size_t kFirstAt = 16;
constexpr size_t kSegmentSyncedAt = 24;
constexpr size_t kSaltAt = 32;
constexpr size_t kSegmentChecksumAt = 60;

// And those of a record's header.
constexpr size_t kRecordChecksumAt = 4;
constexpr size_t kPositionAt = 8;
constexpr size_t kSyncedAt = 16;
constexpr size_t kTimeAt = 24;
constexpr size_t kBodyBytesAt = 32;
constexpr size_t kBodyChecksumAt = 40;
constexpr size_t kTableBytesAt = 44;
constexpr size_t kKeyBytesAt = 48;
constexpr size_t kRecordSaltAt = 56;

template <typename T>
void Put(HeaderBytes& bytes, size_t at, T value) {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

template <typename T>
T Get(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

// Of all but the magic and the checksum itself.
uint32_t RecordChecksum(std::span<const uint8_t> header, std::span<const uint8_t> names) {
  const auto sum = Checksum(header.subspan(kPositionAt, kHeaderBytes - kPositionAt));
  return Checksum(names, sum);
}

}  // namespace

HeaderBytes Encode(const SegmentHeader& header) {
  HeaderBytes bytes{};
  std::memcpy(bytes.data(), kSegmentMagic.data(), kSegmentMagic.size());
  Put(bytes, kVersionAt, header.version);
  Put(bytes, kFirstAt, header.first);
  Put(bytes, kSegmentSyncedAt, header.synced);
  Put(bytes, kSaltAt, header.salt);
  Put(bytes, kSegmentChecksumAt, Checksum(std::span(bytes).first(kSegmentChecksumAt)));
  return bytes;
}

ParsedSegmentHeader ParseSegmentHeader(std::span<const uint8_t> bytes) {
  ParsedSegmentHeader parsed;
  if (bytes.size() < kHeaderBytes ||
      std::memcmp(bytes.data(), kSegmentMagic.data(), kSegmentMagic.size()) != 0) {
    parsed.fault = HeaderFault::kNoSegment;
    return parsed;
  }
  const auto sum = Checksum(bytes.first(kSegmentChecksumAt));
  if (sum != Get<uint32_t>(bytes, kSegmentChecksumAt)) {
    parsed.fault = HeaderFault::kChecksum;
    return parsed;
  }
  parsed.header = {.version = Get<uint32_t>(bytes, kVersionAt),
                   .first = Get<uint64_t>(bytes, kFirstAt),
                   .synced = Get<uint64_t>(bytes, kSegmentSyncedAt),
                   .salt = Get<uint64_t>(bytes, kSaltAt)};
  return parsed;
}

HeaderBytes Encode(const RecordHeader& header, std::string_view names) {
  HeaderBytes bytes{};
  Put(bytes, 0, kRecordMagic);
  Put(bytes, kPositionAt, header.position);
  Put(bytes, kSyncedAt, header.synced);
  Put(bytes, kTimeAt, header.time_ns);
  Put(bytes, kBodyBytesAt, header.body_bytes);
  Put(bytes, kBodyChecksumAt, header.body_checksum);
  Put(bytes, kTableBytesAt, header.table_bytes);
  Put(bytes, kKeyBytesAt, header.key_bytes);
  Put(bytes, kRecordSaltAt, header.salt);
  const std::span name_bytes(reinterpret_cast<const uint8_t*>(names.data()),
                             names.size());
  Put(bytes, kRecordChecksumAt, RecordChecksum(bytes, name_bytes));
  return bytes;
}

std::optional<RecordHeader> ParseRecordHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes || Get<uint32_t>(bytes, 0) != kRecordMagic) {
    return std::nullopt;
  }
  const RecordHeader header = {.position = Get<uint64_t>(bytes, kPositionAt),
                               .synced = Get<uint64_t>(bytes, kSyncedAt),
                               .time_ns = Get<int64_t>(bytes, kTimeAt),
                               .body_bytes = Get<int64_t>(bytes, kBodyBytesAt),
                               .body_checksum = Get<uint32_t>(bytes, kBodyChecksumAt),
                               .table_bytes = Get<uint32_t>(bytes, kTableBytesAt),
                               .key_bytes = Get<uint32_t>(bytes, kKeyBytesAt),
                               .salt = Get<uint64_t>(bytes, kRecordSaltAt)};
  // Lengths are believed only when the checksum agrees, which needs the names.
  if (header.table_bytes > kMaxNameBytes || header.key_bytes > kMaxNameBytes ||
      header.body_bytes < 0 || header.body_bytes > kMaxBodyBytes ||
      kHeaderBytes + header.names_bytes() > static_cast<int64_t>(bytes.size())) {
    return std::nullopt;
  }
  const auto names = bytes.subspan(kHeaderBytes, header.names_bytes());
  const uint32_t sum = RecordChecksum(bytes, names);
  if (sum != Get<uint32_t>(bytes, kRecordChecksumAt)) return std::nullopt;
  return header;
}

}  // namespace pintail::journal
