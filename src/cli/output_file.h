// A file that an answer is written to: all of it or none.
//
// A regular file appears, or takes the place of the one that was there, by Commit; until
// then the rows lie beside it. What is no regular file (a pipe, a device) is written in
// place and never removed. Used by one thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "arrow/result.h"
#include "arrow/status.h"

namespace pintail::cli {

// Whether `path` is there and no regular file, or leads to one of the process's own.
bool IsWrittenInPlace(const std::filesystem::path& path);

class OutputFile {
 public:
  // InvalidArgument, with the reason, when it cannot be written. Opening a named pipe
  // waits for its reader.
  static arrow::Result<std::unique_ptr<OutputFile>> Open(const std::string& path);
  // Without Commit the target is as it was before.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return stream_; }
  // Once, after the last byte.
  arrow::Status Commit();

 private:
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  arrow::Status OpenInPlace();
  arrow::Status OpenBeside();
  arrow::Status Refusal(int error) const;

  const std::string path_;        // as the person named it
  std::filesystem::path target_;  // what it leads to
  std::filesystem::path beside_;  // empty: written in place, or committed
  std::ofstream stream_;
};

}  // namespace pintail::cli
