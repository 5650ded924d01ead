#include "catalog/reachable.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

namespace pintail::catalog {
namespace {

using base::ErrorKind;
using base::MakeError;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

// The errno of the attempt; 0 when it answered.
int TryAddress(const addrinfo& address, std::chrono::milliseconds timeout) {
  const Socket attempt(socket(address.ai_family,
                              address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                              address.ai_protocol));
  if (attempt.get() < 0) return errno;
  if (connect(attempt.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{.fd = attempt.get(), .events = POLLOUT, .revents = 0};
  const int ready = poll(&wait, 1, static_cast<int>(timeout.count()));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(attempt.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

arrow::Status CheckOne(const std::string& host, const std::string& port,
                       std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int resolved = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (resolved != 0) {
    return MakeError(ErrorKind::kUnavailable, "cannot find the host ", host, ": ",
                     gai_strerror(resolved));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  int error = 0;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    error = TryAddress(*each, timeout);
    if (error == 0) return arrow::Status::OK();
  }
  return MakeError(ErrorKind::kUnavailable, "nothing answers at ", host, ":", port, ": ",
                   std::strerror(error));
}

std::string_view TakeElement(std::string_view& list) {
  const size_t comma = list.find(',');
  const std::string_view element = list.substr(0, comma);
  // The last one goes for all that follow.
  if (comma != std::string_view::npos) list.remove_prefix(comma + 1);
  return element;
}

}  // namespace

arrow::Status CheckReachable(const std::string& host, const std::string& port,
                             std::chrono::milliseconds timeout) {
  std::string_view hosts = host;
  std::string_view ports = port;
  arrow::Status last;
  while (true) {
    const bool more = hosts.find(',') != std::string_view::npos;
    const std::string one(TakeElement(hosts));
    const std::string at(TakeElement(ports));
    if (one.starts_with('/') || one.starts_with('@')) return arrow::Status::OK();
    last = CheckOne(one.empty() ? "localhost" : one, at, timeout);
    if (last.ok() || !more) return last;
  }
}

}  // namespace pintail::catalog
