// One address that the door listens on. Lives in an I/O thread's loop; owned by the door.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "arrow/result.h"

namespace pintail::http {

class IoThread;

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // What the listener asks the door.
  struct Door {
    std::function<IoThread&()> next_thread;  // serves the next connection
    std::function<bool()> full;              // no more connections are taken
  };

  // Binds and listens, but does not accept yet. `address` is "host:port".
  static arrow::Result<std::shared_ptr<Listener>> Open(boost::asio::io_context& loop,
                                                       std::string_view address,
                                                       Door door);

  Listener(boost::asio::io_context& loop, Door door);

  // Where it really listens.
  std::string address() const;
  void Accept();  // from any thread, once
  // From any thread; `closed` runs in the loop once no connection can come any more.
  void Close(std::function<void()> closed);

 private:
  void AcceptNext();
  void OnAccepted(const boost::system::error_code& code,
                  boost::asio::ip::tcp::socket socket, IoThread& thread);

  boost::asio::io_context& loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  const Door door_;
};

}  // namespace pintail::http
