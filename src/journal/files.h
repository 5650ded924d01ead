// What the journal asks of the file system when it writes: a narrow edge, so that tests
// can make any step of it fail. Files are written by one thread at a time.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>

namespace pintail::journal {

// An open file. Its destructor closes it.
class File {
 public:
  virtual ~File() = default;

  // Writes the pieces one after the other, from `offset` bytes on; returns the bytes that
  // were written, which may be fewer than were given, also in the midst of a piece. At
  // most IOV_MAX pieces are taken at a time.
  virtual std::expected<int64_t, std::error_code> WriteAt(std::span<const iovec> pieces,
                                                          int64_t offset) = 0;
  // Returns when the data are on the disk, and as much else as reading them needs.
  virtual std::error_code SyncData() = 0;
  // Returns when the data and all that is known of the file are on the disk.
  virtual std::error_code SyncAll() = 0;
  virtual std::error_code Truncate(int64_t bytes) = 0;
  // Makes the file this long, with room on the disk for all of it. The file system may
  // not support it; nothing depends on it.
  virtual std::error_code Allocate(int64_t bytes) = 0;
};

// Writes all of the pieces, which it changes as it goes on.
std::error_code WriteAll(File& file, std::span<iovec> pieces, int64_t offset);

class Files {
 public:
  using Path = std::filesystem::path;

  virtual ~Files() = default;

  // For reading and writing. Create empties a file that is there.
  virtual std::expected<std::unique_ptr<File>, std::error_code> Create(const Path&) = 0;
  virtual std::expected<std::unique_ptr<File>, std::error_code> Open(const Path&) = 0;
  // Takes the place of a file of the new name.
  virtual std::error_code Rename(const Path& from, const Path& to) = 0;
  virtual std::error_code Remove(const Path&) = 0;
  // Returns when the names in the folder are on the disk.
  virtual std::error_code SyncFolder(const Path&) = 0;
};

// The machine's own files. Callable from any thread.
std::unique_ptr<Files> MakeSystemFiles();

}  // namespace pintail::journal
