#include "columnar/seekable_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/file.h"
#include "base/error.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;

constexpr int64_t kCopyBytes = int64_t{1} << 20;

// Cuts reads to the size of the file.
class CutFile final : public arrow::io::RandomAccessFile {
 public:
  CutFile(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t size)
      : file_(std::move(file)), size_(size) {}

  using arrow::io::RandomAccessFile::ReadAt;
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(nbytes, Cut(position, nbytes));
    return file_->ReadAt(position, nbytes, out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                       int64_t nbytes) override {
    ARROW_ASSIGN_OR_RAISE(nbytes, Cut(position, nbytes));
    return file_->ReadAt(position, nbytes);
  }

  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Status Seek(int64_t position) override {
    if (position < 0 || position > size_) {
      return arrow::Status::IOError("position ", position, " of a file of ", size_,
                                    " bytes");
    }
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, nbytes, out));
    position_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, nbytes));
    position_ += buffer->size();
    return buffer;
  }
  bool supports_zero_copy() const override { return file_->supports_zero_copy(); }
  arrow::Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }

 private:
  arrow::Result<int64_t> Cut(int64_t position, int64_t nbytes) const {
    if (position < 0 || position > size_ || nbytes < 0) {
      return arrow::Status::IOError("a read of ", nbytes, " bytes at ", position,
                                    " of a file of ", size_);
    }
    return std::min(nbytes, size_ - position);
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_;
  int64_t position_ = 0;
};

arrow::Status DiskError(const char* what, int code) {
  return base::MakeError(ErrorKind::kResourceExhausted, "cannot ", what,
                         " a temporary copy of the input: ", std::strerror(code),
                         "; free space in the temporary folder (TMPDIR)");
}

// A file without a name: it goes with its last descriptor, also when the process dies.
arrow::Result<int> OpenUnlinked() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  std::string path = (error ? std::filesystem::path("/tmp") : folder) / "pintailXXXXXX";
  const int descriptor = mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) return DiskError("create", errno);
  unlink(path.c_str());
  return descriptor;
}

arrow::Status WriteAll(int descriptor, const uint8_t* data, int64_t size) {
  while (size > 0) {
    const ssize_t written = write(descriptor, data, static_cast<size_t>(size));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskError("write", errno);
    data += written;
    size -= written;
  }
  return arrow::Status::OK();
}

arrow::Status CopyTo(int descriptor, arrow::io::InputStream& input, int64_t max_bytes) {
  int64_t total = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto chunk, input.Read(kCopyBytes));
    if (chunk->size() == 0) return arrow::Status::OK();
    total += chunk->size();
    if (total > max_bytes) {
      return base::MakeError(ErrorKind::kResourceExhausted, "the input is longer than ",
                             max_bytes, " bytes; send it in smaller pieces");
    }
    ARROW_RETURN_NOT_OK(WriteAll(descriptor, chunk->data(), chunk->size()));
  }
}

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> Spool(
    arrow::io::InputStream& input, int64_t max_bytes) {
  ARROW_ASSIGN_OR_RAISE(const int descriptor, OpenUnlinked());
  const arrow::Status copied = CopyTo(descriptor, input, max_bytes);
  if (!copied.ok()) {
    close(descriptor);
    return copied;
  }
  // Takes the descriptor over.
  return arrow::io::ReadableFile::Open(descriptor);
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> MakeSeekable(
    std::shared_ptr<arrow::io::InputStream> input, int64_t max_bytes) {
  auto file = std::dynamic_pointer_cast<arrow::io::RandomAccessFile>(input);
  if (file == nullptr) {
    ARROW_ASSIGN_OR_RAISE(file, Spool(*input, max_bytes));
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  return std::make_shared<CutFile>(std::move(file), size);
}

}  // namespace pintail::columnar
