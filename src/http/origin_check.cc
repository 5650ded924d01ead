#include "http/origin_check.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace pintail::http {
namespace {

using base::ErrorKind;

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// 127.0.0.0/8, in its four-part form.
bool IsLoopbackV4(std::string_view host) {
  int parts = 0;
  bool first = true;
  while (true) {
    const size_t dot = host.find('.');
    const std::string_view part = host.substr(0, dot);
    if (!IsDigits(part) || part.size() > 3 || (first && part != "127")) return false;
    first = false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    host.remove_prefix(dot + 1);
  }
}

// The authority of a target in the absolute form; empty for any other.
std::string_view AuthorityOf(std::string_view target) {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return {};
  target.remove_prefix(target.find("//") + 2);
  return target.substr(0, target.find_first_of("/?#"));
}

}  // namespace

OriginCheck::OriginCheck(std::vector<std::string> allowed_hosts)
    : allowed_hosts_(std::move(allowed_hosts)) {}

std::string_view HostOfAuthority(std::string_view authority) {
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    const std::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && !(rest.starts_with(':') && IsDigits(rest.substr(1)))) return {};
    return authority.substr(0, end + 1);
  }
  const size_t colon = authority.find(':');
  if (colon == std::string_view::npos) return authority;
  if (!IsDigits(authority.substr(colon + 1))) return {};
  return authority.substr(0, colon);
}

bool OriginCheck::IsOurName(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (EqualsIgnoreCase(host, "localhost") || host == "[::1]" || IsLoopbackV4(host)) {
    return true;
  }
  constexpr std::string_view kSuffix = ".localhost";
  if (host.size() > kSuffix.size() &&
      EqualsIgnoreCase(host.substr(host.size() - kSuffix.size()), kSuffix)) {
    return true;
  }
  return std::ranges::any_of(allowed_hosts_, [&](const std::string& allowed) {
    return EqualsIgnoreCase(allowed, host);
  });
}

arrow::Status OriginCheck::Check(const RequestHead& head, bool page) const {
  const auto host = head.fields.Find("host");
  if (head.fields.Count("host") > 1 || (!host && head.minor_version >= 1)) {
    return base::MakeError(ErrorKind::kInvalidArgument,
                           "a request needs exactly one Host header field");
  }
  if (host && !IsOurName(HostOfAuthority(*host))) {
    return base::MakeError(
        ErrorKind::kPermissionDenied, "the Host header field names \"", *host,
        "\", which is not a name of this server: use localhost or 127.0.0.1, or add the "
        "name to http.allowed_hosts");
  }
  if (head.target.starts_with("http")) {
    const std::string_view authority = AuthorityOf(head.target);
    if (host && !EqualsIgnoreCase(authority, *host)) {
      return base::MakeError(ErrorKind::kInvalidArgument,
                             "the request's URL names the host \"", authority,
                             "\" and its Host header field \"", *host, "\"");
    }
    if (!IsOurName(HostOfAuthority(authority))) {
      return base::MakeError(ErrorKind::kPermissionDenied,
                             "the request's URL names the host \"", authority,
                             "\", which is not a name of this server: use localhost or "
                             "127.0.0.1, or add the name to http.allowed_hosts");
    }
  }
  if (const auto origin = head.fields.Find("origin")) {
    const size_t scheme_end = origin->find("://");
    const bool ours = scheme_end != std::string_view::npos &&
                      IsOurName(HostOfAuthority(origin->substr(scheme_end + 3)));
    if (!ours) {
      return base::MakeError(ErrorKind::kPermissionDenied, "a web page of \"", *origin,
                             "\" sent this request; only pages of this machine, or of a "
                             "name in http.allowed_hosts, may");
    }
  }
  if (!page &&
      EqualsIgnoreCase(head.fields.Find("sec-fetch-site").value_or(""), "cross-site")) {
    return base::MakeError(ErrorKind::kPermissionDenied,
                           "a web page of another site sent this request; only pages of "
                           "this machine may");
  }
  return arrow::Status::OK();
}

}  // namespace pintail::http
