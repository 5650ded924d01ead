#include "http/io_thread.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

namespace pintail::http {

IoThread::IoThread(const Connection::Site& site)
    : site_(site), work_(boost::asio::make_work_guard(loop_)), thread_([this] {
        pthread_setname_np(pthread_self(), "http-io");
        loop_.run();
      }) {}

IoThread::~IoThread() {
  work_.reset();
  loop_.stop();
  thread_.join();
}

void IoThread::Adopt(boost::asio::ip::tcp::socket socket) {
  {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  boost::asio::post(loop_, [this, socket = std::move(socket)]() mutable {
    auto connection = std::make_shared<Connection>(
        std::move(socket), site_, [this](Connection* closed) { Remove(closed); });
    connections_.emplace(connection.get(), connection);
    connection->Start();
  });
}

void IoThread::Remove(Connection* connection) {
  connections_.erase(connection);
  std::lock_guard lock(mutex_);
  if (--count_ == 0) emptied_.notify_all();
}

namespace {

// A copy, since what is done to a connection may remove it.
std::vector<std::shared_ptr<Connection>> Copy(const auto& connections) {
  std::vector<std::shared_ptr<Connection>> copy;
  copy.reserve(connections.size());
  for (const auto& [_, connection] : connections) copy.push_back(connection);
  return copy;
}

}  // namespace

void IoThread::Sweep() {
  boost::asio::post(loop_, [this] {
    const auto now = site_.clock.Now();
    for (const auto& connection : Copy(connections_)) connection->Sweep(now);
  });
}

void IoThread::CloseIdle() {
  boost::asio::post(loop_, [this] {
    for (const auto& connection : Copy(connections_)) connection->CloseIfIdle();
  });
}

void IoThread::CloseAll() {
  boost::asio::post(loop_, [this] {
    for (const auto& connection : Copy(connections_)) {
      connection->Close("the server is stopping");
    }
  });
}

bool IoThread::WaitUntilEmpty(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  const auto empty = [&] { return count_ == 0; };
  if (until == std::chrono::steady_clock::time_point::max()) {
    emptied_.wait(lock, empty);
    return true;
  }
  return emptied_.wait_until(lock, until, empty);
}

size_t IoThread::connections() const {
  std::lock_guard lock(mutex_);
  return count_;
}

}  // namespace pintail::http
