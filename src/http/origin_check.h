// Keeps web pages of other sites from using a browser on this machine to reach the
// server: there is no login yet, so the network address alone must not be trusted.
//
// Two attacks are refused. A page that sends requests across sites carries its Origin (or
// Sec-Fetch-Site); a page whose host name was re-pointed to this machine ("DNS
// rebinding") carries that name in Host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arrow/status.h"
#include "http/head.h"

namespace pintail::http {

class OriginCheck {
 public:
  // `allowed_hosts`: names beside localhost, *.localhost and loopback addresses.
  explicit OriginCheck(std::vector<std::string> allowed_hosts);

  // PermissionDenied, or InvalidArgument when Host is missing or repeated. `page`: a link
  // from another site may lead here.
  arrow::Status Check(const RequestHead& head, bool page) const;

 private:
  bool IsOurName(std::string_view host) const;

  const std::vector<std::string> allowed_hosts_;
};

// The host of "host", "host:port", "[::1]:port"; empty when it is none of them.
std::string_view HostOfAuthority(std::string_view authority);

}  // namespace pintail::http
