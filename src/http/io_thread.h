// A thread that moves bytes for its share of the connections.
//
// Adopt, Sweep, CloseIdle, CloseAll and Accept may be called from any thread; they are
// carried out in this one. Owned by the door.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "http/connection.h"

namespace pintail::http {

class IoThread {
 public:
  explicit IoThread(const Connection::Site& site);
  // CloseAll must have been called; stops the loop and joins.
  ~IoThread();

  boost::asio::io_context& loop() { return loop_; }

  // Starts serving a socket that was accepted for this loop.
  void Adopt(boost::asio::ip::tcp::socket socket);
  // Ends what has taken too long, in every connection.
  void Sweep();
  void CloseIdle();
  void CloseAll();
  // Waits until no connection is left or `until` has passed; true when none is left.
  bool WaitUntilEmpty(std::chrono::steady_clock::time_point until);
  size_t connections() const;

 private:
  void Remove(Connection* connection);

  const Connection::Site& site_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  // This thread's alone, but for its size.
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  size_t count_ = 0;  // protected by mutex_; also counts sockets on their way here
  std::thread thread_;
};

}  // namespace pintail::http
