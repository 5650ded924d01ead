// A file that is replaced as a whole: after a crash it has its old content or the new.
#pragma once

#include <memory>
#include <string>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"

namespace pintail::base {

// Written beside its place, for its owner's eyes only (mode 0600), and put there by
// Commit; without that nothing has changed. Errors are Unavailable and name the file. For
// one thread.
class WholeFile final : public arrow::io::OutputStream {
 public:
  static arrow::Result<std::unique_ptr<WholeFile>> Make(std::string path);
  ~WholeFile() override;

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t bytes) override;
  arrow::Result<int64_t> Tell() const override { return written_; }
  arrow::Status Close() override;
  bool closed() const override { return file_ < 0; }

  // Makes it durable, and closes it.
  arrow::Status Commit();

 private:
  explicit WholeFile(std::string path);

  const std::string path_;
  const std::string temporary_;
  int file_ = -1;
  bool made_ = false;  // the temporary file is there
  int64_t written_ = 0;
};

}  // namespace pintail::base
