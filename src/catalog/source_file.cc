#include "catalog/source_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace pintail::catalog {
namespace {

arrow::Status Failed(const std::string& path, const char* what) {
  return base::MakeError(base::ErrorKind::kUnavailable, "cannot ", what, " ", path, ": ",
                         std::strerror(errno),
                         "; sources that are made while the server runs are kept there");
}

arrow::Status WriteAll(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(path, "write");
    content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0 ? arrow::Status::OK() : Failed(path, "sync");
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

arrow::Status WriteSourceFile(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());  // of a run that ended half-way, with any mode
  const int file =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return Failed(temporary, "make");
  arrow::Status status = WriteAll(file, content, temporary);
  if (close(file) != 0 && status.ok()) status = Failed(temporary, "close");
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = Failed(path, "replace");
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(std::filesystem::path(path).parent_path());
}

}  // namespace pintail::catalog
