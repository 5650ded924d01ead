#include "http/head.h"

#include <simdutf.h>

#include <algorithm>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::http {
namespace {

using base::LowerCase;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = LowerCase(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

arrow::Status ParseQuery(std::string_view query,
                         std::map<std::string, std::string>* values) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value =
        equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    ARROW_ASSIGN_OR_RAISE(std::string name, PercentDecode(pair.substr(0, equals), true));
    ARROW_ASSIGN_OR_RAISE((*values)[name], PercentDecode(value, true));
  }
  return arrow::Status::OK();
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b,
                            [](char x, char y) { return LowerCase(x) == LowerCase(y); });
}

void HeaderFields::Add(std::string_view name, std::string_view value) {
  fields_.emplace_back(LowerCase(name), value);
}

std::optional<std::string_view> HeaderFields::Find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (EqualsIgnoreCase(field, name)) return value;
  }
  return std::nullopt;
}

size_t HeaderFields::Count(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count_if(
      fields_, [&](const auto& field) { return EqualsIgnoreCase(field.first, name); }));
}

arrow::Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return base::MakeError(base::ErrorKind::kInvalidArgument,
                               "the URL has a percent sign at byte ", i,
                               " that two hexadecimal digits do not follow");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') {
      return base::MakeError(base::ErrorKind::kInvalidArgument,
                             "the URL holds a NUL byte, which no name can have");
    }
    decoded.push_back(c);
  }
  if (!simdutf::validate_utf8(decoded.data(), decoded.size())) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "the URL has a part that is not UTF-8 text");
  }
  return decoded;
}

arrow::Result<Target> ParseTarget(std::string_view target) {
  Target parsed;
  // The absolute form that proxies use: the path begins after the authority.
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const size_t slash = target.find('/', target.find("//") + 2);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (target == "*") {
    parsed.path = "*";
    return parsed;
  }
  if (!target.starts_with('/')) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "the request target must be a path that begins with \"/\"");
  }
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  parsed.path = std::string(target.substr(0, question));
  std::string_view rest = std::string_view(parsed.path).substr(1);
  while (true) {
    const size_t end = rest.find('/');
    ARROW_ASSIGN_OR_RAISE(std::string segment, PercentDecode(rest.substr(0, end), false));
    parsed.segments.push_back(std::move(segment));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (question != std::string_view::npos) {
    ARROW_RETURN_NOT_OK(ParseQuery(target.substr(question + 1), &parsed.query));
  }
  return parsed;
}

}  // namespace pintail::http
