#include "config/expand.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace pintail::config {
namespace {

constexpr size_t kMaxSecretBytes = 1 << 20;

arrow::Result<std::string> ReadSecret(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content(kMaxSecretBytes, '\0');
  if (in) in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad() || !in.is_open() || (in.fail() && !in.eof())) {
    return base::MakeError(base::ErrorKind::kNotFound,
                           "cannot read the file of ${file:", path,
                           "}: ", std::strerror(errno));
  }
  content.resize(static_cast<size_t>(in.gcount()));
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  return content;
}

arrow::Result<std::string> Resolve(std::string_view reference,
                                   const Environment& environment) {
  const size_t colon = reference.find(':');
  const std::string_view kind = reference.substr(0, colon);
  const std::string name(colon == std::string_view::npos ? ""
                                                         : reference.substr(colon + 1));
  if (kind == "file" && !name.empty()) return ReadSecret(name);
  if (kind == "env" && !name.empty()) {
    const auto found = environment.find(name);
    if (found != environment.end()) return found->second;
    return base::MakeError(base::ErrorKind::kNotFound, "the environment variable ", name,
                           " of ${env:", name, "} is not set");
  }
  return base::MakeError(
      base::ErrorKind::kInvalidArgument, "${", reference,
      "} is neither ${env:NAME} nor ${file:/path}; write $${ for a plain ${");
}

}  // namespace

arrow::Result<Expansion> Expand(std::string_view text, const Environment& environment) {
  Expansion expansion;
  while (true) {
    const size_t open = text.find("${");
    if (open == std::string_view::npos) break;
    if (open > 0 && text[open - 1] == '$') {
      expansion.text.append(text.substr(0, open - 1)).append("${");
      text.remove_prefix(open + 2);
      continue;
    }
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, "\"", text,
                             "\" has a ${ without its }; write $${ for a plain ${");
    }
    ARROW_ASSIGN_OR_RAISE(const std::string value,
                          Resolve(text.substr(open + 2, close - open - 2), environment));
    expansion.text.append(text.substr(0, open)).append(value);
    expansion.referred = true;
    text.remove_prefix(close + 1);
  }
  expansion.text.append(text);
  return expansion;
}

}  // namespace pintail::config
