// One client's socket: reads heads, feeds bodies to their exchange, sends answers.
//
// Lives in one I/O thread, which makes every call and runs every completion; only the
// signals of an exchange come from elsewhere, and they are posted here. Nothing waits:
// what a peer may take its time for has an end, checked by Sweep.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/dispatcher.h"
#include "http/exchange.h"
#include "http/options.h"
#include "http/pace.h"
#include "http/wire_parser.h"

namespace pintail::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // What all connections of a door share; outlives them.
  struct Site {
    const HttpOptions& options;
    Dispatcher* dispatcher = nullptr;  // set before the first connection
    base::Clock& clock;
    base::Counter& bytes_in;
    base::Counter& bytes_out;
    base::Gauge& open_connections;
  };

  // `forget` is called once, when the connection has closed.
  Connection(boost::asio::ip::tcp::socket socket, const Site& site,
             std::function<void(Connection*)> forget);
  ~Connection();

  void Start();
  // Ends what has taken too long.
  void Sweep(base::Clock::Steady now);
  // Closes the connection unless a request is under way.
  void CloseIfIdle();
  // Cancels the request under way, if any, and closes.
  void Close(std::string_view why);
  bool idle() const { return phase_ == Phase::kHead; }

 private:
  enum class Phase : uint8_t {
    kHead,    // between requests, or reading a head
    kBody,    // receiving a body; its handler may be running
    kAnswer,  // the request is all here, or no more of it is wanted
    kLinger,  // the last answer is out; the rest of the request is read past
    kClosed,
  };
  using ErrorCode = boost::system::error_code;

  void NextRequest();
  void ParseHead();
  void OnHead();
  void PumpBody();
  void FailBody(const arrow::Status& why);
  void RunExchange();
  void StartRead();
  void OnRead(const ErrorCode& code, size_t bytes);
  void DiscardInput(size_t bytes);
  void PumpAnswer();
  void WriteSome();
  void OnWritten(const ErrorCode& code, size_t bytes);
  void EndAfterAnswer();
  ExchangeSignals Signals();
  std::string_view input() const;

  boost::asio::ip::tcp::socket socket_;
  const Site& site_;
  const std::function<void(Connection*)> forget_;
  base::GaugeScope counted_;
  std::string peer_;
  Phase phase_ = Phase::kHead;

  std::vector<char> in_;
  size_t in_begin_ = 0;   // what has been parsed
  size_t in_end_ = 0;     // what has been received
  bool reading_ = false;  // in_ must not move
  std::unique_ptr<WireParser> parser_;
  std::shared_ptr<Exchange> exchange_;  // null between requests
  bool running_ = false;                // the exchange has been handed over
  bool broken_input_ = false;           // nothing that arrives can be understood any more

  AnswerQueue::Pieces out_;  // being written
  size_t out_piece_ = 0;
  int64_t out_offset_ = 0;
  bool writing_ = false;

  std::optional<base::Clock::Steady> deadline_;  // of kHead and kLinger
  Pace::Limits pace_limits_;
  Pace receiving_;
  Pace sending_;
  int64_t lingered_bytes_ = 0;
};

}  // namespace pintail::http
