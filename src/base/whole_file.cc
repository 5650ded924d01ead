#include "base/whole_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace pintail::base {
namespace {

arrow::Status Failed(const std::string& path, const char* what) {
  return MakeError(ErrorKind::kUnavailable, "cannot ", what, " ", path, ": ",
                   std::strerror(errno));
}

arrow::Status SyncFolder(const std::filesystem::path& folder) {
  const std::string name = folder.empty() ? "." : folder.string();
  const int file = open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return Failed(name, "open");
  const bool synced = fsync(file) == 0;
  close(file);
  return synced ? arrow::Status::OK() : Failed(name, "sync");
}

}  // namespace

WholeFile::WholeFile(std::string path)
    : path_(std::move(path)), temporary_(path_ + ".new") {}

arrow::Result<std::unique_ptr<WholeFile>> WholeFile::Make(std::string path) {
  std::unique_ptr<WholeFile> made(new WholeFile(std::move(path)));
  const char* name = made->temporary_.c_str();
  unlink(name);  // of a run that ended half-way, with any mode
  made->file_ = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made->file_ < 0) return Failed(made->temporary_, "make");
  made->made_ = true;
  return made;
}

WholeFile::~WholeFile() {
  if (file_ >= 0) close(file_);
  if (made_) unlink(temporary_.c_str());
}

arrow::Status WholeFile::Write(const void* data, int64_t bytes) {
  const auto* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(file_, next, static_cast<size_t>(bytes));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(temporary_, "write");
    next += written;
    bytes -= written;
    written_ += written;
  }
  return arrow::Status::OK();
}

arrow::Status WholeFile::Close() {
  if (file_ < 0) return arrow::Status::OK();
  return close(std::exchange(file_, -1)) == 0 ? arrow::Status::OK()
                                              : Failed(temporary_, "close");
}

arrow::Status WholeFile::Commit() {
  if (fsync(file_) != 0) return Failed(temporary_, "sync");
  ARROW_RETURN_NOT_OK(Close());
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
    return Failed(path_, "replace");
  made_ = false;
  return SyncFolder(std::filesystem::path(path_).parent_path());
}

}  // namespace pintail::base
