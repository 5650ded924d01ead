#include "access/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "base/error.h"

namespace pintail::access {
namespace {

using base::ErrorKind;
using base::MakeError;
using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

bool IsLoopback4(uint32_t address_in_host_order) {
  return (address_in_host_order >> 24) == 127;
}

bool IsLoopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof(v4));
    return IsLoopback4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof(v6));
    if (IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) return true;
    if (!IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return false;
    uint32_t mapped;
    std::memcpy(&mapped, v6.sin6_addr.s6_addr + 12, sizeof(mapped));
    return IsLoopback4(ntohl(mapped));
  }
  return false;
}

std::string WithoutBrackets(const std::string& host) {
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

arrow::Status Refusal(const std::string& host) {
  return MakeError(ErrorKind::kPermissionDenied, "refusing to listen on ",
                   host.empty() ? "every interface" : "'" + host + "'",
                   ": other machines could reach it and there is no authentication; "
                   "listen on 127.0.0.1 or configure authentication");
}

}  // namespace

arrow::Status CheckListenAddress(const std::string& host, bool has_authentication) {
  if (has_authentication) return arrow::Status::OK();
  const std::string bare = WithoutBrackets(host);
  if (bare.empty()) return Refusal(host);

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failure = getaddrinfo(bare.c_str(), nullptr, &hints, &list);
  if (failure != 0) {
    return MakeError(ErrorKind::kInvalidArgument, "cannot listen on '", host,
                     "': ", gai_strerror(failure),
                     "; give an address of this machine, for example 127.0.0.1");
  }
  const Addresses addresses(list, &freeaddrinfo);
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (!IsLoopback(*each->ai_addr)) return Refusal(host);
  }
  return arrow::Status::OK();
}

}  // namespace pintail::access
