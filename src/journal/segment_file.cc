#include "journal/segment_file.h"

#include <format>
#include <utility>

namespace pintail::journal {
namespace {

std::error_code WriteHeader(File& file, const SegmentHeader& header) {
  HeaderBytes bytes = Encode(header);
  iovec piece = {bytes.data(), bytes.size()};
  if (auto error = WriteAll(file, {&piece, 1}, 0)) return error;
  return file.SyncAll();
}

}  // namespace

std::string SegmentName(Position first) {
  return std::format("{:020}{}", first, kSegmentSuffix);
}

std::expected<std::unique_ptr<SegmentFile>, std::error_code> SegmentFile::Create(
    Files& files, const std::filesystem::path& folder, const SegmentHeader& header) {
  const auto path = folder / SegmentName(header.first);
  auto unfinished = path;
  unfinished += kUnfinishedSuffix;
  auto file = files.Create(unfinished);
  if (!file) return std::unexpected(file.error());
  std::error_code error = WriteHeader(**file, header);
  if (!error) error = files.Rename(unfinished, path);
  if (!error) error = files.SyncFolder(folder);
  if (error) {
    // Either name is harmless if it stays: the one is removed at the next start, the
    // other is a segment without records.
    static_cast<void>(files.Remove(unfinished));
    return std::unexpected(error);
  }
  return std::unique_ptr<SegmentFile>(new SegmentFile(std::move(*file)));
}

void SegmentFile::Reserve(int64_t bytes) {
  // Without it a sync has more to write, and the disk may be full later; no more.
  static_cast<void>(file_->Allocate(bytes));
}

std::error_code SegmentFile::Write(std::span<iovec> pieces) {
  return WriteAll(*file_, pieces, end_);
}

std::error_code SegmentFile::Cut() {
  if (auto error = file_->Truncate(end_)) return error;
  return file_->SyncAll();
}

void SegmentFile::GiveBackRoom() { static_cast<void>(file_->Truncate(end_)); }

}  // namespace pintail::journal
