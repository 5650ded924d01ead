// Writes one segment. Whatever it is asked for is done, or failed with the error of the
// file system; it decides nothing. One thread at a time.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include "journal/files.h"
#include "journal/record_format.h"

namespace pintail::journal {

// "00000000000000000042.journal": sorted by name is sorted by position.
std::string SegmentName(Position first);
// What a segment is called until it is whole. One that is left over was never used.
inline constexpr std::string_view kSegmentSuffix = ".journal";
inline constexpr std::string_view kUnfinishedSuffix = ".unfinished";

class SegmentFile {
 public:
  // Makes the file, which is found under its name after any crash once this succeeded. It
  // takes the place of another segment of the same first position. Nothing is left when
  // it failed, if that could be removed.
  static std::expected<std::unique_ptr<SegmentFile>, std::error_code> Create(
      Files& files, const std::filesystem::path& folder, const SegmentHeader& header);

  // Takes room for this many bytes, if the file system can and has it.
  void Reserve(int64_t bytes);
  // Writes the pieces, all of them, behind what was kept. They are not kept before Keep
  // was called: the next Write would begin at the same place.
  std::error_code Write(std::span<iovec> pieces);
  std::error_code Sync() { return file_->SyncData(); }
  void Keep(int64_t bytes) { end_ += bytes; }
  // Removes all that was not kept, and room that was taken, for good.
  std::error_code Cut();
  // Gives back room that was taken and not used.
  void GiveBackRoom();

  int64_t end() const { return end_; }

 private:
  explicit SegmentFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  const std::unique_ptr<File> file_;
  int64_t end_ = kHeaderBytes;
};

}  // namespace pintail::journal
