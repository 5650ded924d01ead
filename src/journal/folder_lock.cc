#include "journal/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/error.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;

std::string ErrorText(int error) { return std::generic_category().message(error); }

// The number that the holder wrote into the file, for the message only.
std::string HolderOf(int file) {
  std::array<char, 32> text{};
  const ssize_t length = pread(file, text.data(), text.size() - 1, 0);
  if (length <= 0) return "another process";
  return "process " + std::string(text.data(), length);
}

}  // namespace

arrow::Result<std::unique_ptr<FolderLock>> FolderLock::Take(
    const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot make the journal's folder ",
                           folder, ": ", error.message(),
                           "; choose another or give the right to write there");
  }
  const auto path = folder / "lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file == -1) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot open ", path, ": ",
                           ErrorText(errno), "; give the right to write there");
  }
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const std::string holder = HolderOf(file);
    close(file);
    if (reason == EWOULDBLOCK) {
      return base::MakeError(ErrorKind::kUnavailable, "the journal in ", folder,
                             " is in use by ", holder,
                             "; stop that process, or use another folder");
    }
    return base::MakeError(ErrorKind::kUnavailable, "cannot lock ", path, ": ",
                           ErrorText(reason));
  }
  const std::string number = std::to_string(getpid());
  // Only a message uses it, so it does not matter whether this succeeds.
  if (ftruncate(file, 0) == 0 && pwrite(file, number.data(), number.size(), 0) < 0) {
    errno = 0;
  }
  return std::unique_ptr<FolderLock>(new FolderLock(file));
}

FolderLock::~FolderLock() { close(file_); }

}  // namespace pintail::journal
