#include "http/route.h"

#include <algorithm>

namespace pintail::http {
namespace {

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

std::optional<std::map<std::string, std::string>> MatchPath(const Route& route,
                                                            const Target& target) {
  const auto pattern = Split(route.pattern);
  if (pattern.size() != target.segments.size()) return std::nullopt;
  std::map<std::string, std::string> values;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      if (target.segments[i].empty()) return std::nullopt;
      values[std::string(pattern[i].substr(1, pattern[i].size() - 2))] =
          target.segments[i];
    } else if (pattern[i] != target.segments[i]) {
      return std::nullopt;
    }
  }
  return values;
}

}  // namespace

void RouteTable::Add(Route route) { routes_.push_back(std::move(route)); }

RouteTable::Match RouteTable::Find(std::string_view method, const Target& target) const {
  Match match;
  for (const Route& route : routes_) {
    auto values = MatchPath(route, target);
    if (!values) continue;
    match.allowed.push_back(route.method);
    if (route.method == "GET") match.allowed.push_back("HEAD");
    if (route.method == method || (method == "HEAD" && route.method == "GET")) {
      match.route = &route;
      match.path_values = std::move(*values);
    }
  }
  if (!match.allowed.empty()) match.allowed.push_back("OPTIONS");
  std::ranges::sort(match.allowed);
  const auto repeated = std::ranges::unique(match.allowed);
  match.allowed.erase(repeated.begin(), repeated.end());
  return match;
}

}  // namespace pintail::http
