#include "http/listener.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <chrono>

#include "base/error.h"
#include "http/io_thread.h"

namespace pintail::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::ErrorKind;

arrow::Status BadAddress(std::string_view address) {
  return base::MakeError(ErrorKind::kInvalidArgument, "http.listen: \"", address,
                         "\" is not an address to listen on; write it as 127.0.0.1:8000, "
                         "localhost:8000 or [::1]:8000 (port 0 takes a free one)");
}

arrow::Result<tcp::endpoint> Resolve(asio::io_context& loop, std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return BadAddress(address);
  std::string_view host = address.substr(0, colon);
  const std::string_view digits = address.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || end != digits.data() + digits.size()) {
    return BadAddress(address);
  }
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  boost::system::error_code code;
  const auto literal = asio::ip::make_address(host, code);
  if (!code) return tcp::endpoint(literal, port);
  tcp::resolver resolver(loop);
  const auto found = resolver.resolve(host, digits, tcp::resolver::passive, code);
  if (code || found.empty()) return BadAddress(address);
  // A name like localhost may stand for several addresses; IPv4 is what older clients
  // use.
  for (const auto& entry : found) {
    if (entry.endpoint().address().is_v4()) return entry.endpoint();
  }
  return found.begin()->endpoint();
}

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    "Content-Length: 102\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"unavailable\",\"message\":\"the server has as many "
    "connections "
    "as it takes; try later\"}}";
static_assert(kFull.size() - kFull.find("\r\n\r\n") - 4 == 102);

}  // namespace

Listener::Listener(asio::io_context& loop, Door door)
    : loop_(loop), acceptor_(loop), pause_(loop), door_(std::move(door)) {}

arrow::Result<std::shared_ptr<Listener>> Listener::Open(asio::io_context& loop,
                                                        std::string_view address,
                                                        Door door) {
  ARROW_ASSIGN_OR_RAISE(const tcp::endpoint endpoint, Resolve(loop, address));
  auto listener = std::make_shared<Listener>(loop, std::move(door));
  tcp::acceptor& acceptor = listener->acceptor_;
  boost::system::error_code code;
  (void)acceptor.open(endpoint.protocol(), code);
  if (!code) (void)acceptor.set_option(asio::socket_base::reuse_address(true), code);
  if (!code) (void)acceptor.bind(endpoint, code);
  if (!code) (void)acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code == asio::error::address_in_use) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot listen for HTTP on ", address,
                           ": another program uses this port; stop it, or choose another "
                           "with --http-listen (port 0 takes a free one)");
  }
  if (code) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot listen for HTTP on ", address,
                           ": ", code.message());
  }
  return listener;
}

std::string Listener::address() const {
  boost::system::error_code ignored;
  const auto endpoint = acceptor_.local_endpoint(ignored);
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

void Listener::Accept() {
  asio::post(loop_, [self = shared_from_this()] { self->AcceptNext(); });
}

void Listener::AcceptNext() {
  if (!acceptor_.is_open()) return;
  IoThread& thread = door_.next_thread();
  acceptor_.async_accept(thread.loop(),
                         [self = shared_from_this(), &thread](
                             const boost::system::error_code& code, tcp::socket socket) {
                           self->OnAccepted(code, std::move(socket), thread);
                         });
}

void Listener::OnAccepted(const boost::system::error_code& code, tcp::socket socket,
                          IoThread& thread) {
  if (!acceptor_.is_open()) return;
  if (code) {
    // Out of file descriptors, most likely: wait until some have come back.
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait(
        [self = shared_from_this()](const boost::system::error_code& stopped) {
          if (!stopped) self->AcceptNext();
        });
    return;
  }
  if (door_.full()) {
    boost::system::error_code ignored;
    (void)socket.non_blocking(true, ignored);
    (void)socket.write_some(asio::buffer(kFull.data(), kFull.size()), ignored);
  } else {
    thread.Adopt(std::move(socket));
  }
  AcceptNext();
}

void Listener::Close(std::function<void()> closed) {
  asio::post(loop_, [self = shared_from_this(), closed = std::move(closed)] {
    boost::system::error_code ignored;
    (void)self->acceptor_.close(ignored);
    self->pause_.cancel();
    closed();
  });
}

}  // namespace pintail::http
