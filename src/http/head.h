// The head of a request: what came before its body. Plain values, no parsing library.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/result.h"

namespace pintail::http {

class HeaderFields {
 public:
  // Names are compared without regard to case.
  void Add(std::string_view name, std::string_view value);
  // The first field of this name.
  std::optional<std::string_view> Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
  size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;  // names in lower case
};

struct RequestHead {
  std::string method;
  std::string target;     // as sent
  int minor_version = 1;  // HTTP/1.x
  bool keep_alive = true;
  bool chunked = false;
  std::optional<int64_t> content_length;
  HeaderFields fields;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// A request target in its parts: decoded path segments and query parameters.
struct Target {
  std::string path;                          // as sent, without the query
  std::vector<std::string> segments;         // percent-decoded
  std::map<std::string, std::string> query;  // the last of equal names
};

// InvalidArgument on a bad percent escape, a NUL byte, or a target that is no path.
arrow::Result<Target> ParseTarget(std::string_view target);

// "a%20b" to "a b"; with `plus_is_space`, as in query strings, "+" as well.
arrow::Result<std::string> PercentDecode(std::string_view text, bool plus_is_space);

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace pintail::http
