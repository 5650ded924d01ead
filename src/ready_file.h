// The file that tells whoever started the server that it serves, and where.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"

namespace pintail {

struct ReadyState {
  int64_t process_id = 0;
  std::string version;
  std::vector<std::string> flight;  // "address:port"
  std::vector<std::string> http;
};

// {"pid": …, "version": …, "flight": […], "http": […]}
std::string ReadyText(const ReadyState& state);

// Is there, whole, from Write until this object is destroyed.
class ReadyFile {
 public:
  // Replaces a file that is there. Unavailable, naming the path, when it cannot be
  // written.
  static arrow::Result<ReadyFile> Write(const std::string& path, const ReadyState& state);
  ~ReadyFile();
  ReadyFile(ReadyFile&& other) noexcept;
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

 private:
  explicit ReadyFile(std::string path);
  std::string path_;  // empty when moved from
};

}  // namespace pintail
