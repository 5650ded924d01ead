// A blocking HTTP client on a plain socket, for tests: it can send anything, whole or in
// pieces, and shows exactly what came back. One thread at a time.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pintail::http {

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;                           // without chunk framing
  bool chunked = false;
  bool complete = false;  // the body came to its proper end

  std::string Field(const std::string& name) const;
};

class HttpClient {
 public:
  // Connects to "host:port"; a failure shows as an empty reply later.
  explicit HttpClient(const std::string& address);
  ~HttpClient();
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&&) = delete;

  bool connected() const { return socket_ >= 0; }
  // False when the server has closed the connection.
  bool Send(std::string_view bytes);
  // Sends what fits without waiting; returns how much that was.
  size_t SendSome(std::string_view bytes);
  // One reply, without a body if it answers HEAD; status 0 when the connection ended
  // first.
  HttpReply Receive(bool to_head = false);
  // Everything until the server closes.
  std::string ReceiveUntilClosed();
  // A byte, or the end, can be read within this time.
  bool Readable(std::chrono::milliseconds within);
  void Close();
  // Makes the kernel hold few received bytes, so that a sender soon has to wait.
  void ShrinkReceiveBuffer();

  // Sends a request with Host, and Content-Length when there is a body.
  HttpReply Ask(std::string_view method, std::string_view target,
                std::string_view fields = "", std::string_view body = "");

 private:
  bool ReceiveMore();
  std::optional<std::string> TakeLine();

  int socket_ = -1;
  std::string received_;  // and not yet taken
};

}  // namespace pintail::http
