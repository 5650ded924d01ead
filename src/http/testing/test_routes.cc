#include "http/testing/test_routes.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "http/request.h"
#include "http/response.h"

namespace pintail::http {
namespace {

arrow::Status Echo(const Request& request, Response& response) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, request.body->Read(100'000));
    if (piece->size() == 0) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(response.body()->Write(piece));
  }
}

arrow::Status Count(const Request& request, Response& response) {
  int64_t bytes = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, request.body->Read(1'000'000));
    if (piece->size() == 0) break;
    bytes += piece->size();
  }
  return response.SendJson(200, std::to_string(bytes));
}

arrow::Status Large(const Request& request, Response& response) {
  const std::string piece(10'000, 'x');
  int64_t left = std::stoll(*request.QueryValue("bytes"));
  while (left > 0) {
    const auto n = std::min(left, static_cast<int64_t>(piece.size()));
    ARROW_RETURN_NOT_OK(response.body()->Write(piece.data(), n));
    left -= n;
  }
  return arrow::Status::OK();
}

arrow::Status Broken(const Request&, Response& response) {
  const std::string piece(1'000'000, 'x');
  ARROW_RETURN_NOT_OK(
      response.body()->Write(piece.data(), static_cast<int64_t>(piece.size())));
  return base::MakeError(base::ErrorKind::kInternal, "the rows ran out");
}

arrow::Status WaitUntilCancelled(const Request& request) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, request.call->stop_token(), [] { return false; });
  return request.call->CheckAlive();
}

arrow::Status Endless(Response& response) {
  const std::string piece(100'000, 'x');
  while (true) {
    ARROW_RETURN_NOT_OK(
        response.body()->Write(piece.data(), static_cast<int64_t>(piece.size())));
  }
}

}  // namespace

RouteTable TestRoutes(RouteEvents& events, BodyUse body) {
  RouteTable table;
  const auto add = [&](std::string method, std::string pattern, auto handle,
                       Lane lane = Lane::kWork) {
    table.Add({.method = std::move(method),
               .pattern = std::move(pattern),
               .handle = handle,
               .body = body,
               .lane = lane});
  };
  const auto text = [](const Request&, Response& response) {
    return response.Send(200, "text/plain", "hello");
  };
  add("POST", "/echo", Echo);
  add("POST", "/count", Count);
  add("POST", "/ignore", text);
  add("GET", "/text", text);
  add("GET", "/probe", text, Lane::kProbe);
  add("GET", "/large", Large);
  add("GET", "/broken", Broken);
  add("GET", "/wait", [&events](const Request&, Response& response) {
    ++events.waiting;
    events.waiting.notify_all();
    events.released.wait();
    return response.Send(200, "text/plain", "waited");
  });
  add("GET", "/cancelled", [&events](const Request& request, Response&) {
    ++events.waiting;
    events.waiting.notify_all();
    arrow::Status ended = WaitUntilCancelled(request);
    events.ended.set_value(ended);
    return ended;
  });
  add("GET", "/endless", [&events](const Request&, Response& response) {
    arrow::Status ended = Endless(response);
    events.ended.set_value(ended);
    return ended;
  });
  add("GET", "/injected", [](const Request& request, Response& response) {
    response.SetHeader("X-Value", *request.QueryValue("value"));
    return response.Send(200, "text/plain", "hello");
  });
  return table;
}

}  // namespace pintail::http
