#include "cli/output_file.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace pintail::cli {
namespace {

namespace fs = std::filesystem;

// The permissions that a new file gets.
mode_t NewFileMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

bool IsWrittenInPlace(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status found = fs::status(path, ignored);
  if (fs::exists(found) && !fs::is_regular_file(found)) return true;
  // /dev/stdout may lead to a file that the shell has opened.
  const std::string text = path.lexically_normal();
  return text.starts_with("/dev/") || text.starts_with("/proc/");
}

arrow::Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  std::unique_ptr<OutputFile> file(new OutputFile(path));
  ARROW_RETURN_NOT_OK(IsWrittenInPlace(path) ? file->OpenInPlace() : file->OpenBeside());
  return file;
}

OutputFile::~OutputFile() {
  if (!beside_.empty()) unlink(beside_.c_str());
}

arrow::Status OutputFile::Refusal(int error) const {
  return base::MakeError(base::ErrorKind::kInvalidArgument, "cannot write ", path_, ": ",
                         std::strerror(error));
}

arrow::Status OutputFile::OpenInPlace() {
  errno = 0;
  stream_.open(path_, std::ios::binary | std::ios::app);
  return stream_ ? arrow::Status::OK() : Refusal(errno);
}

arrow::Status OutputFile::OpenBeside() {
  // Through a symbolic link, so that the link stays one.
  std::error_code error;
  target_ = fs::weakly_canonical(path_, error);
  if (error) return Refusal(error.value());
  mode_t mode = NewFileMode();
  struct stat old{};
  if (stat(target_.c_str(), &old) == 0) {
    // A file that may not be written to is not replaced either.
    if (access(target_.c_str(), W_OK) != 0) return Refusal(errno);
    mode = old.st_mode & 0777;
  }
  std::string name = target_.string() + ".partial-XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) return Refusal(errno);
  beside_ = name;
  fchmod(descriptor, mode);
  close(descriptor);
  stream_.open(beside_, std::ios::binary | std::ios::trunc);
  return stream_ ? arrow::Status::OK() : Refusal(errno);
}

arrow::Status OutputFile::Commit() {
  errno = 0;
  stream_.close();
  if (!stream_) return Refusal(errno != 0 ? errno : EIO);
  if (beside_.empty()) return arrow::Status::OK();
  std::error_code error;
  fs::rename(beside_, target_, error);
  if (error) return Refusal(error.value());
  beside_.clear();
  return arrow::Status::OK();
}

}  // namespace pintail::cli
