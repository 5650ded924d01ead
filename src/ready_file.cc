#include "ready_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/json_string.h"

namespace pintail {
namespace {

std::string ListText(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ", ";
    base::AppendJsonString(text, &list);
  }
  return list + "]";
}

}  // namespace

std::string ReadyText(const ReadyState& state) {
  std::string text = "{\"pid\": " + std::to_string(state.process_id) + ", \"version\": ";
  base::AppendJsonString(state.version, &text);
  return text + ", \"flight\": " + ListText(state.flight) +
         ", \"http\": " + ListText(state.http) + "}\n";
}

arrow::Result<ReadyFile> ReadyFile::Write(const std::string& path,
                                          const ReadyState& state) {
  // Written under another name and renamed, so that no one reads half a file.
  const std::string partial = path + ".partial";
  std::ofstream out(partial, std::ios::trunc);
  out << ReadyText(state);
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(partial, path, error);
  if (!out || error) {
    const std::string reason = error ? error.message() : std::strerror(errno);
    std::filesystem::remove(partial, error);
    return base::MakeError(base::ErrorKind::kUnavailable, "cannot write the ready file ",
                           path, ": ", reason);
  }
  return ReadyFile(path);
}

ReadyFile::ReadyFile(std::string path) : path_(std::move(path)) {}

ReadyFile::ReadyFile(ReadyFile&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

ReadyFile::~ReadyFile() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace pintail
