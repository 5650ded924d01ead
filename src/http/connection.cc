#include "http/connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "http/status.h"

namespace pintail::http {
namespace {

namespace asio = boost::asio;

constexpr size_t kHeadReadBytes = 4 * 1024;
constexpr size_t kBodyReadBytes = 128 * 1024;
// How much of the next request is kept while this one is being answered.
constexpr size_t kPipelineBytes = 16 * 1024;

std::string AddressOf(const asio::ip::tcp::socket& socket) {
  boost::system::error_code code;
  const auto endpoint = socket.remote_endpoint(code);
  if (code) return "unknown";
  const std::string address = endpoint.address().to_string();
  const std::string host = endpoint.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(endpoint.port());
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const Site& site,
                       std::function<void(Connection*)> forget)
    : socket_(std::move(socket)),
      site_(site),
      forget_(std::move(forget)),
      counted_(site.open_connections),
      peer_(AddressOf(socket_)),
      pace_limits_{.stall_time = site.options.stall_time,
                   .grace = site.options.rate_grace,
                   .min_bytes_per_second = site.options.min_bytes_per_second},
      receiving_(pace_limits_),
      sending_(pace_limits_) {}

Connection::~Connection() = default;

void Connection::Start() {
  ErrorCode ignored;
  (void)socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  NextRequest();
  // A new connection has a request to send; only a kept one may rest.
  deadline_ = site_.clock.Now() + site_.options.head_time;
}

std::string_view Connection::input() const {
  return {in_.data() + in_begin_, in_end_ - in_begin_};
}

// ---- the request

void Connection::NextRequest() {
  exchange_.reset();
  running_ = false;
  phase_ = Phase::kHead;
  parser_ = std::make_unique<WireParser>(
      WireParser::Limits{.header_bytes = site_.options.max_header_bytes,
                         .headers = site_.options.max_headers,
                         .target_bytes = site_.options.max_target_bytes});
  deadline_ = site_.clock.Now() + site_.options.idle_time;
  receiving_ = Pace(pace_limits_);
  sending_ = Pace(pace_limits_);
  if (input().empty() && site_.dispatcher->draining()) {
    Close("the server is stopping");
    return;
  }
  if (input().empty() && !reading_ && in_.size() > 2 * kHeadReadBytes) {
    in_ = {};  // an idle connection holds little memory
    in_begin_ = in_end_ = 0;
  }
  ParseHead();
}

void Connection::ParseHead() {
  if (!input().empty()) {
    const bool started = parser_->started();
    const auto consumed = parser_->Put(input(), {});
    if (!consumed.ok()) {
      broken_input_ = true;
      phase_ = Phase::kAnswer;
      exchange_ =
          site_.dispatcher->Reject(parser_->head(), peer_, Signals(), consumed.status());
      PumpAnswer();
      return;
    }
    in_begin_ += *consumed;
    if (parser_->head_done()) {
      OnHead();
      return;
    }
    if (!started && parser_->started()) {
      deadline_ = site_.clock.Now() + site_.options.head_time;
    }
  }
  StartRead();
}

void Connection::OnHead() {
  deadline_.reset();
  phase_ = Phase::kBody;
  // HTTP/1.0 knows no answer before the answer.
  const bool expects = parser_->head().minor_version >= 1 &&
                       parser_->head().fields.Find("expect").has_value();
  exchange_ = site_.dispatcher->Begin(parser_->head(), peer_, Signals());
  if (exchange_->answered) {
    phase_ = Phase::kAnswer;
    broken_input_ = !parser_->done();
    PumpAnswer();
    return;
  }
  parser_->LimitBody(exchange_->max_body_bytes);
  if (expects && !parser_->done() && input().empty()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    (void)exchange_->answer_queue
        ->Push({arrow::Buffer::FromString(std::string(kContinue))})
        .ok();
  }
  PumpBody();
}

void Connection::PumpBody() {
  if (phase_ != Phase::kBody) return;
  if (!parser_->done() && !input().empty()) {
    const auto consumed = parser_->Put(
        input(), [this](std::string_view bytes) { exchange_->body->Push(bytes); });
    if (!consumed.ok()) {
      FailBody(consumed.status());
      return;
    }
    in_begin_ += *consumed;
  }
  if (parser_->done()) {
    exchange_->body->Finish();
    phase_ = Phase::kAnswer;
    if (!running_) RunExchange();
    // From here on a read only tells that the client has gone, or brings the next
    // request.
    if (phase_ == Phase::kAnswer && input().size() < kPipelineBytes) StartRead();
    return;
  }
  if (!running_ && exchange_->body->buffered() >= site_.options.prefetch_bytes) {
    RunExchange();
    if (exchange_->answered) {
      phase_ = Phase::kAnswer;
      broken_input_ = true;
      return;
    }
  }
  if (exchange_->body->PauseIfFull()) return;
  receiving_.BeginWait(site_.clock.Now());
  StartRead();
}

void Connection::FailBody(const arrow::Status& why) {
  phase_ = Phase::kAnswer;
  broken_input_ = true;
  exchange_->body->Fail(why);
  if (!running_) site_.dispatcher->Refuse(*exchange_, why);
}

void Connection::RunExchange() {
  running_ = true;
  site_.dispatcher->Run(exchange_);
}

// ---- reading

void Connection::StartRead() {
  if (reading_ || phase_ == Phase::kClosed) return;
  if (in_begin_ > 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  const bool bulk = phase_ == Phase::kBody || phase_ == Phase::kLinger;
  const size_t wanted = bulk ? kBodyReadBytes : kHeadReadBytes;
  if (in_.size() < in_end_ + wanted) in_.resize(in_end_ + wanted);
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
      [self = shared_from_this()](const ErrorCode& code, size_t bytes) {
        self->OnRead(code, bytes);
      });
}

void Connection::OnRead(const ErrorCode& code, size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::kClosed) return;
  site_.bytes_in.Add(static_cast<double>(bytes));
  if (code) {
    Close("the client closed the connection");
    return;
  }
  in_end_ += bytes;
  switch (phase_) {
    case Phase::kHead:
      ParseHead();
      break;
    case Phase::kBody:
      receiving_.EndWait(site_.clock.Now(), static_cast<int64_t>(bytes));
      PumpBody();
      break;
    case Phase::kAnswer:
      if (!broken_input_ && input().size() < kPipelineBytes) StartRead();
      break;
    case Phase::kLinger:
      DiscardInput(bytes);
      break;
    case Phase::kClosed:
      break;
  }
}

void Connection::DiscardInput(size_t bytes) {
  in_begin_ = in_end_ = 0;
  lingered_bytes_ += static_cast<int64_t>(bytes);
  if (lingered_bytes_ > site_.options.linger_bytes) {
    Close("the client went on sending");
    return;
  }
  StartRead();
}

// ---- the answer

void Connection::PumpAnswer() {
  if (writing_ || !exchange_ || phase_ == Phase::kLinger) return;
  out_ = exchange_->answer_queue->Take();
  std::erase_if(out_, [](const auto& piece) { return piece->size() == 0; });
  if (!out_.empty()) {
    out_piece_ = 0;
    out_offset_ = 0;
    WriteSome();
    return;
  }
  switch (exchange_->answer_queue->end()) {
    case AnswerQueue::End::kOpen:
      return;
    case AnswerQueue::End::kKeep:
      NextRequest();
      return;
    case AnswerQueue::End::kClose:
      EndAfterAnswer();
      return;
    case AnswerQueue::End::kAbort:
      Close("the answer could not be completed");
      return;
  }
}

void Connection::WriteSome() {
  std::array<asio::const_buffer, 32> buffers{};
  size_t count = 0;
  for (size_t i = out_piece_; i < out_.size() && count < buffers.size(); ++i) {
    const int64_t skip = i == out_piece_ ? out_offset_ : 0;
    buffers[count++] = asio::const_buffer(out_[i]->data() + skip,
                                          static_cast<size_t>(out_[i]->size() - skip));
  }
  writing_ = true;
  sending_.BeginWait(site_.clock.Now());
  socket_.async_write_some(
      buffers, [self = shared_from_this()](const ErrorCode& code, size_t bytes) {
        self->OnWritten(code, bytes);
      });
}

void Connection::OnWritten(const ErrorCode& code, size_t bytes) {
  writing_ = false;
  if (phase_ == Phase::kClosed) return;
  site_.bytes_out.Add(static_cast<double>(bytes));
  sending_.EndWait(site_.clock.Now(), static_cast<int64_t>(bytes));
  if (code) {
    Close("the client closed the connection");
    return;
  }
  out_offset_ += static_cast<int64_t>(bytes);
  while (out_piece_ < out_.size() && out_offset_ >= out_[out_piece_]->size()) {
    out_offset_ -= out_[out_piece_]->size();
    out_[out_piece_++].reset();
  }
  if (out_piece_ < out_.size()) {
    WriteSome();
  } else {
    out_.clear();
    PumpAnswer();
  }
}

// The connection is not used again. A sender that is cut off while it sends would see a
// reset and perhaps not the answer: the rest of its request is read past for a while.
void Connection::EndAfterAnswer() {
  const bool all_here = phase_ == Phase::kAnswer && !broken_input_;
  exchange_.reset();
  if (all_here) {
    Close("");
    return;
  }
  phase_ = Phase::kLinger;
  deadline_ = site_.clock.Now() + site_.options.linger_time;
  ErrorCode ignored;
  (void)socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (!reading_) DiscardInput(0);
}

ExchangeSignals Connection::Signals() {
  const auto post = [weak = weak_from_this(),
                     executor = socket_.get_executor()](void (Connection::*step)()) {
    asio::post(executor, [weak, step] {
      if (const auto self = weak.lock()) (*self.*step)();
    });
  };
  return {.body_has_room = [post] { post(&Connection::PumpBody); },
          .answer_changed = [post] { post(&Connection::PumpAnswer); }};
}

// ---- ends

void Connection::Sweep(base::Clock::Steady now) {
  if (sending_.TooSlow(now)) {
    Close("the client stopped reading the answer");
    return;
  }
  if (phase_ == Phase::kHead && deadline_ && now >= *deadline_ && parser_->started()) {
    broken_input_ = true;
    phase_ = Phase::kAnswer;
    exchange_ = site_.dispatcher->Reject(
        parser_->head(), peer_, Signals(),
        Refusal(408, "request_timeout", "the request's head did not come in time"));
    PumpAnswer();
    return;
  }
  if ((phase_ == Phase::kHead || phase_ == Phase::kLinger) && deadline_ &&
      now >= *deadline_) {
    Close("the client was silent");
    return;
  }
  if (phase_ == Phase::kBody && receiving_.TooSlow(now)) {
    FailBody(Refusal(408, "request_timeout",
                     "the request's body came too slowly; " +
                         std::to_string(exchange_->body->received()) + " bytes arrived"));
    PumpAnswer();
    return;
  }
  if (exchange_ && now >= exchange_->deadline) {
    exchange_->call->Cancel(base::ErrorKind::kDeadlineExceeded,
                            "the request took longer than " +
                                std::to_string(site_.options.request_time.count()) +
                                " ms, the most this server gives one");
  }
}

void Connection::CloseIfIdle() {
  if (phase_ == Phase::kHead && !parser_->started()) Close("the server is stopping");
}

void Connection::Close(std::string_view why) {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  ErrorCode ignored;
  (void)socket_.close(ignored);
  if (exchange_) {
    exchange_->call->Cancel(base::ErrorKind::kCancelled, std::string(why));
    exchange_->body->Fail(base::MakeError(base::ErrorKind::kCancelled, why));
    exchange_.reset();
  }
  forget_(this);
}

}  // namespace pintail::http
