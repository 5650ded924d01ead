#include "journal/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace pintail::journal {
namespace {

std::error_code LastError() { return {errno, std::generic_category()}; }

// Calls again what a signal interrupted.
template <typename Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

template <typename Call>
std::error_code Done(Call call) {
  return Uninterrupted(call) == -1 ? LastError() : std::error_code();
}

class SystemFile final : public File {
 public:
  explicit SystemFile(int file) : file_(file) {}
  ~SystemFile() override { close(file_); }

  std::expected<int64_t, std::error_code> WriteAt(std::span<const iovec> pieces,
                                                  int64_t offset) override {
    const auto count = static_cast<int>(std::min<size_t>(pieces.size(), IOV_MAX));
    const ssize_t written =
        Uninterrupted([&] { return pwritev(file_, pieces.data(), count, offset); });
    if (written < 0) return std::unexpected(LastError());
    return written;
  }

  std::error_code SyncData() override {
    return Done([&] { return fdatasync(file_); });
  }
  std::error_code SyncAll() override {
    return Done([&] { return fsync(file_); });
  }
  std::error_code Truncate(int64_t bytes) override {
    return Done([&] { return ftruncate(file_, bytes); });
  }
  std::error_code Allocate(int64_t bytes) override {
    return Done([&] { return fallocate(file_, 0, 0, bytes); });
  }

 private:
  const int file_;
};

class SystemFiles final : public Files {
 public:
  std::expected<std::unique_ptr<File>, std::error_code> Create(
      const Path& path) override {
    return OpenWith(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC);
  }
  std::expected<std::unique_ptr<File>, std::error_code> Open(const Path& path) override {
    return OpenWith(path, O_RDWR | O_CLOEXEC);
  }
  std::error_code Rename(const Path& from, const Path& to) override {
    return Done([&] { return rename(from.c_str(), to.c_str()); });
  }
  std::error_code Remove(const Path& path) override {
    return Done([&] { return unlink(path.c_str()); });
  }
  std::error_code SyncFolder(const Path& path) override {
    const int folder = Uninterrupted(
        [&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (folder == -1) return LastError();
    const std::error_code error = Done([&] { return fsync(folder); });
    close(folder);
    return error;
  }

 private:
  static std::expected<std::unique_ptr<File>, std::error_code> OpenWith(const Path& path,
                                                                        int flags) {
    // What was sent is for the server alone.
    const int file = Uninterrupted([&] { return open(path.c_str(), flags, 0600); });
    if (file == -1) return std::unexpected(LastError());
    return std::make_unique<SystemFile>(file);
  }
};

}  // namespace

std::error_code WriteAll(File& file, std::span<iovec> pieces, int64_t offset) {
  while (!pieces.empty()) {
    auto written = file.WriteAt(pieces, offset);
    if (!written) return written.error();
    // A file system that takes nothing and says nothing would keep us here for ever.
    if (*written <= 0) return std::make_error_code(std::errc::io_error);
    offset += *written;
    auto left = static_cast<size_t>(*written);
    while (!pieces.empty() && left >= pieces.front().iov_len) {
      left -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (left > 0) {
      iovec& first = pieces.front();
      first = {static_cast<uint8_t*>(first.iov_base) + left, first.iov_len - left};
    }
  }
  return {};
}

std::unique_ptr<Files> MakeSystemFiles() { return std::make_unique<SystemFiles>(); }

}  // namespace pintail::journal
