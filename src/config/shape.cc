// What texts of settings must look like.
#include <algorithm>
#include <charconv>
#include <cstdint>

#include "config/option.h"

namespace pintail::config {
namespace {

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsMetricName(std::string_view text) {
  return !text.empty() && IsLetter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return IsLetter(c) || IsDigit(c); });
}

// A host, the colons of which stand in brackets, and a port. Whether the host can be
// listened on shows only there.
bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) return false;
  uint16_t port = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, port);
  return !digits.empty() && error == std::errc() && end == last;
}

}  // namespace

std::string_view ShapeMissed(Shape shape, std::string_view text) {
  switch (shape) {
    case Shape::kAny:
      return {};
    case Shape::kAddress:
      return IsAddress(text) ? std::string_view()
                             : "address:port with a port of 0 to 65535, like "
                               "127.0.0.1:8000, localhost:0 or [::1]:8000";
    case Shape::kMetricName:
      return IsMetricName(text) ? std::string_view()
                                : "a name of letters, digits, _ and : that does not "
                                  "begin with a digit";
  }
  return {};
}

}  // namespace pintail::config
