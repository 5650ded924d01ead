#include "engine/database_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "duckdb/storage/storage_info.hpp"

namespace pintail::engine {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

// The first block of a database file: eight bytes of checksum, "DUCK", the version of the
// format.
struct Header {
  bool is_database = false;
  uint64_t version = 0;
};

std::optional<Header> ReadHeader(const std::string& path) {
  constexpr size_t kMagicAt = 8;
  std::array<char, 20> bytes;
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), bytes.size())) return std::nullopt;
  Header header;
  header.is_database = std::memcmp(bytes.data() + kMagicAt, "DUCK", 4) == 0;
  std::memcpy(&header.version, bytes.data() + kMagicAt + 4, sizeof(header.version));
  return header;
}

// The process that holds a lock on the file, if another one does.
std::optional<pid_t> LockHolder(const std::string& path) {
  int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool asked = fcntl(file, F_GETLK, &lock) == 0;
  close(file);
  if (!asked || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid;
}

}  // namespace

arrow::Status MakeParentFolders(const std::string& path) {
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) return arrow::Status::OK();
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && !fs::is_directory(folder)) error = {ENOTDIR, std::generic_category()};
  if (!error) return arrow::Status::OK();
  return base::MakeError(ErrorKind::kUnavailable, "cannot make the folder \"",
                         folder.string(), "\" for the database file: ", error.message(),
                         "; choose another path or give the right to write there");
}

arrow::Status CheckNotOpenHere(const std::string& path) {
  struct stat wanted;
  if (stat(path.c_str(), &wanted) != 0) return arrow::Status::OK();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", error)) {
    struct stat open_file;
    if (stat(entry.path().c_str(), &open_file) != 0) continue;
    if (open_file.st_dev == wanted.st_dev && open_file.st_ino == wanted.st_ino) {
      return base::MakeError(ErrorKind::kUnavailable, "cannot open the database file \"",
                             path,
                             "\": this process has it open already; use the database "
                             "that is open, or another file");
    }
  }
  return arrow::Status::OK();
}

arrow::Status ExplainOpenFailure(const std::string& path, const arrow::Status& reason) {
  auto cannot = [&](auto&&... why) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot open the database file \"",
                           path, "\": ", why...);
  };
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return cannot("it is a folder; give the path of a file in it");
  }
  if (!fs::exists(path, error)) {
    const auto folder = fs::path(path).parent_path();
    if (access(folder.empty() ? "." : folder.c_str(), W_OK) != 0) {
      return cannot("the folder is not writable (", std::strerror(errno),
                    "); choose another path or give the right to write there");
    }
    return cannot(reason.message());
  }
  if (auto header = ReadHeader(path)) {
    if (!header->is_database) {
      return cannot(
          "it is not a DuckDB database; nothing in it was changed. Give the "
          "path of a DuckDB file or of a file that does not exist yet");
    }
    if (header->version > duckdb::VERSION_NUMBER_UPPER) {
      return cannot("it was written by a newer DuckDB (storage version ", header->version,
                    ", this program reads up to ", duckdb::VERSION_NUMBER_UPPER,
                    "); nothing in it was changed. Use a newer version of this program");
    }
  }
  if (auto holder = LockHolder(path)) {
    return cannot("process ", *holder,
                  " has it open; stop that process, or use another file");
  }
  if (access(path.c_str(), W_OK) != 0) {
    return cannot(std::strerror(errno), "; give the right to read and write it");
  }
  return cannot(reason.message());
}

}  // namespace pintail::engine
