#include "config/tree.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace pintail::config {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 16 << 20;

}  // namespace

arrow::Result<Tree> ReadTree(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return base::MakeError(base::ErrorKind::kNotFound, "there is no configuration file ",
                           path);
  }
  if (std::filesystem::is_directory(status)) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "the configuration file ",
                           path, " is a folder");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "cannot read the configuration file ", path, ": ",
                           std::strerror(errno));
  }
  std::string text;
  for (std::istreambuf_iterator<char> at(in), end;
       at != end && text.size() <= kMaxFileBytes; ++at) {
    text += *at;
  }
  if (text.size() > kMaxFileBytes) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "the configuration file ",
                           path, " is larger than ", kMaxFileBytes, " bytes");
  }
  const std::string ending = std::filesystem::path(path).extension();
  return ending == ".yaml" || ending == ".yml" ? ParseYaml(text, path)
                                               : ParseToml(text, path);
}

}  // namespace pintail::config
