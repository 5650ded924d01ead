#include "http/http_server.h"

#include <atomic>
#include <latch>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "http/connection.h"
#include "http/dispatcher.h"
#include "http/io_thread.h"
#include "http/listener.h"

namespace pintail::http {

// Members are declared in the order they are built and, reversed, taken down: the sweep
// first, then listeners, the workers (whose handlers use connections' queues only through
// shared pointers and signals that need living loops), then the loops.
struct HttpServer::State {
  State(const Rooms& rooms, const HttpOptions& options_given)
      : options(options_given),
        site{.options = options,
             .clock = rooms.clock,
             .bytes_in = rooms.metrics.GetCounter("http_received_bytes_total",
                                                  "Bytes received by HTTP"),
             .bytes_out =
                 rooms.metrics.GetCounter("http_sent_bytes_total", "Bytes sent by HTTP"),
             .open_connections = rooms.metrics.GetGauge("active_connections",
                                                        "Open connections by protocol",
                                                        {{"protocol", "rest"}})} {}

  IoThread& NextThread() { return *threads[next_thread++ % threads.size()]; }
  bool Full() const {
    size_t open = 0;
    for (const auto& thread : threads) open += thread->connections();
    return open >= options.max_connections;
  }

  const HttpOptions& options;
  Connection::Site site;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::atomic<size_t> next_thread = 0;
  std::unique_ptr<Dispatcher> dispatcher;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<std::string> addresses;
  std::unique_ptr<base::Timers::Handle> sweep;
  bool drained = false;
  bool stopped = false;
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

arrow::Result<std::unique_ptr<HttpServer>> HttpServer::Start(const Rooms& rooms,
                                                             const HttpOptions& options,
                                                             const RouteTable& routes) {
  auto state = std::make_unique<State>(rooms, options);
  State& s = *state;
  s.dispatcher =
      std::make_unique<Dispatcher>(Dispatcher::Rooms{.options = s.options,
                                                     .routes = routes,
                                                     .clock = rooms.clock,
                                                     .log = rooms.logs.For("http"),
                                                     .metrics = rooms.metrics});
  s.site.dispatcher = s.dispatcher.get();
  for (size_t i = 0; i < std::max<size_t>(s.options.io_threads, 1); ++i) {
    s.threads.push_back(std::make_unique<IoThread>(s.site));
  }
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(state)));
  for (const std::string& address : s.options.listen) {
    ARROW_ASSIGN_OR_RAISE(
        auto listener,
        Listener::Open(s.threads.front()->loop(), address,
                       {.next_thread = [&s]() -> IoThread& { return s.NextThread(); },
                        .full = [&s] { return s.Full(); }}));
    s.addresses.push_back(listener->address());
    s.listeners.push_back(std::move(listener));
  }
  s.sweep = rooms.timers.Every(s.options.sweep_interval, [&s] {
    for (const auto& thread : s.threads) thread->Sweep();
  });
  for (const auto& listener : s.listeners) listener->Accept();
  return server;
}

HttpServer::~HttpServer() { Stop(std::chrono::milliseconds(0)); }

const std::vector<std::string>& HttpServer::addresses() const {
  return state_->addresses;
}

void HttpServer::Drain() {
  if (std::exchange(state_->drained, true)) return;
  state_->dispatcher->StopKeepAlive();
  std::latch closed(static_cast<std::ptrdiff_t>(state_->listeners.size()));
  for (const auto& listener : state_->listeners) {
    listener->Close([&closed] { closed.count_down(); });
  }
  closed.wait();
  for (const auto& thread : state_->threads) thread->CloseIdle();
}

void HttpServer::Stop(std::chrono::milliseconds grace) {
  if (std::exchange(state_->stopped, true)) return;
  Drain();
  const auto until = std::chrono::steady_clock::now() + grace;
  for (const auto& thread : state_->threads) thread->WaitUntilEmpty(until);
  for (const auto& thread : state_->threads) thread->CloseAll();
  for (const auto& thread : state_->threads) {
    thread->WaitUntilEmpty(std::chrono::steady_clock::time_point::max());
  }
  state_->sweep.reset();
  state_->dispatcher.reset();  // joins the workers; their calls have been cancelled
  state_->listeners.clear();
  state_->threads.clear();
}

}  // namespace pintail::http
