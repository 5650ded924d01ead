#include "http/testing/http_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/lower_case.h"

namespace pintail::http {

std::string HttpReply::Field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

HttpClient::HttpClient(const std::string& address) {
  const size_t colon = address.rfind(':');
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(),
                  &hints, &found) != 0) {
    return;
  }
  socket_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket_, found->ai_addr, found->ai_addrlen) != 0) Close();
  freeaddrinfo(found);
}

HttpClient::~HttpClient() { Close(); }

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}

void HttpClient::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void HttpClient::ShrinkReceiveBuffer() {
  const int bytes = 4'096;
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool HttpClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

size_t HttpClient::SendSome(std::string_view bytes) {
  const ssize_t sent =
      send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

bool HttpClient::Readable(std::chrono::milliseconds within) {
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, static_cast<int>(within.count())) > 0;
}

bool HttpClient::ReceiveMore() {
  std::array<char, 64 * 1024> piece;
  const ssize_t n = recv(socket_, piece.data(), piece.size(), 0);
  if (n <= 0) return false;
  received_.append(piece.data(), static_cast<size_t>(n));
  return true;
}

std::string HttpClient::ReceiveUntilClosed() {
  while (ReceiveMore()) {
  }
  return std::exchange(received_, {});
}

std::optional<std::string> HttpClient::TakeLine() {
  size_t end = 0;
  while ((end = received_.find("\r\n")) == std::string::npos) {
    if (!ReceiveMore()) return std::nullopt;
  }
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 2);
  return line;
}

HttpReply HttpClient::Receive(bool to_head) {
  HttpReply reply;
  const auto status_line = TakeLine();
  if (!status_line || status_line->size() < 12) return reply;
  reply.status = std::stoi(status_line->substr(9, 3));
  while (true) {
    const auto line = TakeLine();
    if (!line) return reply;
    if (line->empty()) break;
    const size_t colon = line->find(": ");
    reply.fields[base::LowerCase(line->substr(0, colon))] = line->substr(colon + 2);
  }
  reply.chunked = reply.Field("transfer-encoding") == "chunked";
  if (to_head || reply.status == 204 || reply.status == 100) {
    reply.complete = true;
  } else if (reply.chunked) {
    while (const auto size_line = TakeLine()) {
      const size_t size = std::stoul(*size_line, nullptr, 16);
      while (received_.size() < size + 2) {
        if (!ReceiveMore()) return reply;
      }
      reply.body += received_.substr(0, size);
      received_.erase(0, size + 2);
      if (size == 0) {
        reply.complete = true;
        break;
      }
    }
  } else if (reply.fields.contains("content-length")) {
    const size_t size = std::stoul(reply.Field("content-length"));
    while (received_.size() < size && ReceiveMore()) {
    }
    reply.body = received_.substr(0, size);
    received_.erase(0, size);
    reply.complete = reply.body.size() == size;
  } else {
    reply.body = ReceiveUntilClosed();
    reply.complete = true;
  }
  return reply;
}

HttpReply HttpClient::Ask(std::string_view method, std::string_view target,
                          std::string_view fields, std::string_view body) {
  std::string request;
  request.append(method).append(" ").append(target).append(
      " HTTP/1.1\r\nHost: localhost\r\n");
  request.append(fields);
  if (!body.empty()) {
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  request += "\r\n";
  request.append(body);
  if (!Send(request)) return {};
  return Receive(method == "HEAD");
}

}  // namespace pintail::http
