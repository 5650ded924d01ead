#include "http/dispatcher.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "http/request.h"
#include "http/response.h"

namespace pintail::http {
namespace {

// What a client may send as X-Request-Id to be taken over; anything else gets a new one.
bool IsRequestId(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.' || c == ':';
  });
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined;
}

// Bodies of requests that want none are read past, if they are this small.
constexpr int64_t kIgnoredBodyBytes = 64 * 1024;

int64_t MaxBodyBytes(const Route& route, const HttpOptions& options) {
  switch (route.body) {
    case BodyUse::kNone:
      return kIgnoredBodyBytes;
    case BodyUse::kDocument:
      return options.max_document_bytes;
    case BodyUse::kStream:
      return options.max_body_bytes;
  }
  return 0;
}

}  // namespace

Dispatcher::Dispatcher(const Rooms& rooms)
    : rooms_(rooms),
      origins_(rooms.options.allowed_hosts),
      work_({.name = "http",
             .threads = rooms.options.workers,
             .max_queue = rooms.options.max_queue}),
      probes_(
          {.name = "http-probe", .threads = 2, .max_queue = rooms.options.max_queue}) {}

Dispatcher::~Dispatcher() = default;

std::shared_ptr<Exchange> Dispatcher::Open(RequestHead head, const std::string& peer,
                                           ExchangeSignals signals) {
  auto exchange = std::make_shared<Exchange>();
  exchange->head = std::move(head);
  exchange->started = rooms_.clock.Now();
  exchange->deadline = exchange->started + rooms_.options.request_time;
  if (auto target = ParseTarget(exchange->head.target); target.ok()) {
    exchange->target = std::move(*target);
    auto match = rooms_.routes.Find(exchange->head.method, exchange->target);
    exchange->route = match.route;
    exchange->path_values = std::move(match.path_values);
  }
  const auto sent_id = exchange->head.fields.Find("x-request-id").value_or("");
  const std::string route = exchange->route ? exchange->route->pattern : "other";
  exchange->call = std::make_shared<base::CallContext>(base::CallContext::Options{
      .request_id = IsRequestId(sent_id) ? std::string(sent_id) : base::NewRequestId(),
      .peer = peer,
      .protocol = "rest",
      .method = exchange->head.method + " " + route,
      .deadline = exchange->deadline});
  exchange->body = std::make_shared<BodyQueue>(
      exchange->call, rooms_.options.body_queue_bytes,
      exchange->head.content_length.value_or(0), std::move(signals.body_has_room));
  exchange->answer_queue =
      std::make_shared<AnswerQueue>(exchange->call, rooms_.options.answer_queue_bytes,
                                    std::move(signals.answer_changed));
  exchange->answer = std::make_unique<Answer>(
      exchange->answer_queue, rooms_.clock,
      Answer::Options{.chunk_bytes = rooms_.options.answer_chunk_bytes,
                      .minor_version = exchange->head.minor_version,
                      .head_only = exchange->head.method == "HEAD",
                      .keep_alive = exchange->head.keep_alive && !draining_});
  exchange->answer->SetHeader("X-Request-Id", exchange->call->request_id());
  return exchange;
}

std::shared_ptr<Exchange> Dispatcher::Begin(RequestHead head, const std::string& peer,
                                            ExchangeSignals signals) {
  auto exchange = Open(std::move(head), peer, std::move(signals));
  const arrow::Status judged = Judge(*exchange);
  if (!judged.ok()) Refuse(*exchange, judged);
  return exchange;
}

std::shared_ptr<Exchange> Dispatcher::Reject(RequestHead head, const std::string& peer,
                                             ExchangeSignals signals,
                                             const arrow::Status& why) {
  auto exchange = Open(std::move(head), peer, std::move(signals));
  exchange->answer->ForbidKeepAlive();
  Refuse(*exchange, why);
  return exchange;
}

arrow::Status Dispatcher::Judge(Exchange& exchange) {
  const RequestHead& head = exchange.head;
  ARROW_ASSIGN_OR_RAISE(const Target target, ParseTarget(head.target));
  const Route* route = exchange.route;
  ARROW_RETURN_NOT_OK(origins_.Check(head, route != nullptr && route->page));
  if (route == nullptr) {
    const auto allowed = rooms_.routes.Find(head.method, target).allowed;
    if (head.method == "OPTIONS" && (!allowed.empty() || target.path == "*")) {
      return AnswerOptions(exchange, allowed);
    }
    if (allowed.empty()) {
      return base::MakeError(base::ErrorKind::kNotFound, "there is nothing at \"",
                             target.path, "\"; GET /openapi.json lists what there is");
    }
    exchange.answer->SetHeader("Allow", Join(allowed));
    return Refusal(405, "method_not_allowed",
                   "\"" + target.path + "\" does not take " + head.method + ", only " +
                       Join(allowed));
  }
  exchange.max_body_bytes = MaxBodyBytes(*route, rooms_.options);
  if (head.content_length.value_or(0) > exchange.max_body_bytes) {
    return Refusal(413, "payload_too_large",
                   "the request's body has " + std::to_string(*head.content_length) +
                       " bytes, the most this server takes for it is " +
                       std::to_string(exchange.max_body_bytes));
  }
  if (const auto expect = head.fields.Find("expect");
      expect && !EqualsIgnoreCase(*expect, "100-continue")) {
    return Refusal(417, "invalid_argument",
                   "the only Expect this server knows is 100-continue");
  }
  return arrow::Status::OK();
}

arrow::Status Dispatcher::AnswerOptions(Exchange& exchange,
                                        const std::vector<std::string>& allowed) {
  exchange.answer->SetStatus(204);
  exchange.answer->SetHeader(
      "Allow", allowed.empty() ? "GET, HEAD, POST, OPTIONS" : Join(allowed));
  if (exchange.head.has_body()) exchange.answer->ForbidKeepAlive();
  exchange.answered = true;
  Record(exchange, arrow::Status::OK());
  exchange.answer->Finish();
  return arrow::Status::OK();
}

void Dispatcher::Refuse(Exchange& exchange, const arrow::Status& why) {
  exchange.answered = true;
  // Whatever follows of the request is not read, so nothing can follow it.
  if (exchange.head.has_body() && !exchange.body->finished()) {
    exchange.answer->ForbidKeepAlive();
  }
  Fail(exchange, why);
}

void Dispatcher::Run(std::shared_ptr<Exchange> exchange) {
  base::Executor& lane = exchange->route->lane == Lane::kProbe ? probes_ : work_;
  const arrow::Status taken = lane.Submit([this, exchange] { Handle(*exchange); });
  if (taken.ok()) return;
  Refuse(*exchange, base::MakeError(base::ErrorKind::kUnavailable, "all of the server's ",
                                    rooms_.options.workers, " workers are busy and ",
                                    rooms_.options.max_queue,
                                    " requests wait for one; try again in a moment"));
}

void Dispatcher::Handle(Exchange& exchange) {
  arrow::Status status = exchange.call->CheckAlive();
  if (status.ok()) {
    const Request request{.head = exchange.head,
                          .target = exchange.target,
                          .path_values = exchange.path_values,
                          .body = exchange.body,
                          .call = exchange.call};
    // Nothing of ours throws, but memory can run out in any library.
    try {
      status = exchange.route->handle(request, *exchange.answer);
    } catch (const std::bad_alloc&) {
      status = base::MakeError(base::ErrorKind::kResourceExhausted,
                               "the server has not enough memory for this request");
    } catch (const std::exception& error) {
      status = base::MakeError(base::ErrorKind::kInternal,
                               "the request failed: ", error.what());
    }
  }
  if (!exchange.body->finished()) exchange.answer->ForbidKeepAlive();
  if (draining_) exchange.answer->ForbidKeepAlive();
  if (!status.ok()) {
    Fail(exchange, status);
    return;
  }
  Record(exchange, status);
  exchange.answer->Finish();
}

void Dispatcher::Fail(Exchange& exchange, const arrow::Status& why) {
  // A body that could not be received whole is the true reason, whatever it was reported
  // as.
  const arrow::Status body_failure = exchange.body->failure();
  const arrow::Status& status = body_failure.ok() ? why : body_failure;
  Answer& answer = *exchange.answer;
  if (answer.committed()) {
    Record(exchange, status);
    answer.Abort();
    return;
  }
  const HttpError error = ErrorOf(status);
  if (error.http_status != 405) answer.Clear();
  if (error.http_status == 503 || error.http_status == 429) {
    answer.SetHeader("Retry-After", "1");
  }
  const ErrorStyle style = exchange.route ? exchange.route->errors : ErrorStyle::kCoded;
  const std::string body = ErrorBody(style, error, exchange.call->request_id());
  // The answer's body is a queue in memory and shorter than what it keeps back.
  (void)answer.SendJson(error.http_status, body).ok();
  Record(exchange, status);
  answer.Finish();
}

void Dispatcher::Record(const Exchange& exchange, const arrow::Status& status) {
  const std::string route = exchange.route ? exchange.route->pattern : "other";
  const std::string code = std::to_string(exchange.answer->http_status());
  const double seconds =
      std::chrono::duration<double>(rooms_.clock.Now() - exchange.started).count();
  rooms_.metrics
      .GetCounter("http_requests_total", "Requests answered, by route and status",
                  {{"route", route}, {"status", code}})
      .Add();
  rooms_.metrics
      .GetHistogram("http_request_seconds", "From a request's head to its answer's end",
                    {{"route", route}})
      .Observe(seconds);
  const bool cut = !status.ok() && exchange.answer->committed();
  const bool ours = cut || exchange.answer->http_status() >= 500;
  const base::LogLevel level = ours          ? base::LogLevel::kWarn
                               : status.ok() ? base::LogLevel::kDebug
                                             : base::LogLevel::kInfo;
  if (!rooms_.log.Enabled(level)) return;
  // What is wrong with a request is told by quoting it, literals and all: not in the log.
  const std::string what = exchange.answer->http_status() >= 500
                               ? status.message()
                               : std::string(base::ErrorKindName(base::KindOf(status)));
  const std::string message =
      status.ok() ? "answered" : (cut ? "answer cut: " : "") + what;
  rooms_.log.Write(level, message,
                   {{"request_id", exchange.call->request_id()},
                    {"peer", exchange.call->peer()},
                    {"call", exchange.call->method()},
                    {"status", int64_t{exchange.answer->http_status()}},
                    {"seconds", seconds}});
}

}  // namespace pintail::http
