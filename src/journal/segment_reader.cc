#include "journal/segment_reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "journal/checksum.h"

namespace pintail::journal {
namespace {

arrow::Status CannotRead(const std::filesystem::path& path, int error) {
  return base::MakeError(base::ErrorKind::kUnavailable, "cannot read ", path, ": ",
                         std::generic_category().message(error));
}

// Closes a file at the end of its scope.
struct OpenFile {
  ~OpenFile() { close(number); }
  const int number;
};

// A file in memory, read-only. It may be removed while it is mapped.
class Mapping final : public arrow::Buffer {
 public:
  Mapping(void* address, int64_t bytes)
      : arrow::Buffer(static_cast<const uint8_t*>(address), bytes), address_(address) {}
  ~Mapping() override { munmap(address_, size_); }

 private:
  void* const address_;
};

// Reads all of it once: a disk that fails gives an error here, and a signal in a mapping.
arrow::Status ReadThrough(const OpenFile& file, int64_t bytes,
                          const std::filesystem::path& path) {
  std::vector<uint8_t> block(std::min<int64_t>(bytes, int64_t{1} << 20));
  for (int64_t at = 0; at < bytes;) {
    const ssize_t got = pread(file.number, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotRead(path, errno);
    if (got == 0) return CannotRead(path, EIO);  // it became shorter meanwhile
    at += got;
  }
  return arrow::Status::OK();
}

}  // namespace

SegmentReader::SegmentReader(std::shared_ptr<arrow::Buffer> bytes)
    : bytes_(std::move(bytes)), parsed_(ParseSegmentHeader(From(0))) {}

arrow::Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(
    const std::filesystem::path& path) {
  const OpenFile file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number == -1) return CannotRead(path, errno);
  struct stat status;
  if (fstat(file.number, &status) != 0) return CannotRead(path, errno);
  const int64_t bytes = status.st_size;
  if (bytes == 0) {
    return std::unique_ptr<SegmentReader>(
        new SegmentReader(std::make_shared<arrow::Buffer>(nullptr, 0)));
  }
  ARROW_RETURN_NOT_OK(ReadThrough(file, bytes, path));
  void* address = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.number, 0);
  if (address == MAP_FAILED) return CannotRead(path, errno);
  return std::unique_ptr<SegmentReader>(
      new SegmentReader(std::make_shared<Mapping>(address, bytes)));
}

void SegmentReader::AssumeHeader(const SegmentHeader& header) {
  parsed_ = {.header = header};
}

std::optional<uint64_t> SegmentReader::SaltOfFirstRecord() const {
  const auto header = ParseRecordHeader(From(kHeaderBytes));
  if (!header) return std::nullopt;
  return header->salt;
}

std::span<const uint8_t> SegmentReader::From(int64_t offset) const {
  const std::span all(bytes_->data(), static_cast<size_t>(bytes_->size()));
  return all.subspan(std::min<size_t>(offset, all.size()));
}

std::optional<FoundRecord> SegmentReader::RecordAt(int64_t offset) const {
  const auto bytes = From(offset);
  const auto header = ParseRecordHeader(bytes);
  if (!header || header->salt != parsed_.header.salt) return std::nullopt;
  const int64_t body_offset = header->body_offset();
  // The padding behind the last body is written with it, but nothing needs it.
  if (header->body_bytes > static_cast<int64_t>(bytes.size()) - body_offset) {
    return std::nullopt;
  }
  if (Checksum(bytes.subspan(body_offset, header->body_bytes)) != header->body_checksum) {
    return std::nullopt;
  }
  const auto names = bytes.subspan(kHeaderBytes, header->names_bytes());
  return FoundRecord{
      .offset = offset,
      .header = *header,
      .names = {reinterpret_cast<const char*>(names.data()), names.size()},
      .body = arrow::SliceBuffer(bytes_, offset + body_offset, header->body_bytes)};
}

std::optional<SegmentReader::FoundHeader> SegmentReader::NextHeader(
    int64_t from, Position at_least) const {
  for (int64_t offset = Aligned(from); offset < file_bytes(); offset += kAlignment) {
    const auto bytes = From(offset);
    const auto header = ParseRecordHeader(bytes);
    if (header && header->salt == parsed_.header.salt && header->position >= at_least) {
      const auto table = bytes.subspan(kHeaderBytes, header->table_bytes);
      return FoundHeader{
          offset, *header, {reinterpret_cast<const char*>(table.data()), table.size()}};
    }
  }
  return std::nullopt;
}

bool SegmentReader::IsBlankFrom(int64_t offset) const {
  return std::ranges::all_of(From(offset), [](uint8_t byte) { return byte == 0; });
}

}  // namespace pintail::journal
