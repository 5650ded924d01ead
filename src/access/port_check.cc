#include "access/port_check.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace pintail::access {
namespace {

// 0, or the error of binding the address.
int ErrorOfBinding(const addrinfo& address) {
  const int descriptor = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  // As the listeners do: connections of a server that has just ended are no obstacle.
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const int error =
      bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  close(descriptor);
  return error;
}

arrow::Status Refusal(const WantedPort& wanted, int error) {
  const bool is_v6 = wanted.host.find(':') != std::string::npos;
  const std::string address =
      (is_v6 ? "[" + wanted.host + "]" : wanted.host) + ":" + std::to_string(wanted.port);
  if (error == EADDRINUSE) {
    return base::MakeError(base::ErrorKind::kUnavailable, "cannot listen for ",
                           wanted.door, " on ", address,
                           ": another program uses this port; stop it, or choose another "
                           "with ",
                           wanted.flag, " (port 0 takes a free one)");
  }
  return base::MakeError(base::ErrorKind::kUnavailable, "cannot listen for ", wanted.door,
                         " on ", address, ": ", std::strerror(error),
                         "; choose another address with ", wanted.flag);
}

}  // namespace

arrow::Status CheckPortIsFree(const WantedPort& wanted) {
  if (wanted.port == 0) return arrow::Status::OK();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(wanted.host.c_str(), std::to_string(wanted.port).c_str(), &hints,
                  &list) != 0) {
    return arrow::Status::OK();
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(list, &freeaddrinfo);
  int error = 0;
  // A name may stand for addresses that this machine does not have: one is enough.
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    error = ErrorOfBinding(*each);
    if (error == 0 || error == EADDRINUSE) break;
  }
  return error == 0 ? arrow::Status::OK() : Refusal(wanted, error);
}

}  // namespace pintail::access
