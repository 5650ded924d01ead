// The journal's folder belongs to one process at a time, and to one journal in it.
#pragma once

#include <filesystem>
#include <memory>

#include "arrow/result.h"

namespace pintail::journal {

// Held until it is destroyed, or its process ends, however it ends.
class FolderLock {
 public:
  // Makes the folder when it is not there. Unavailable when another process, or another
  // journal of this one, holds it, or when it cannot be written.
  static arrow::Result<std::unique_ptr<FolderLock>> Take(
      const std::filesystem::path& folder);

  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace pintail::journal
