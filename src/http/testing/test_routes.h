// Routes that do what a transport test wants to see.
#pragma once

#include <atomic>
#include <future>
#include <latch>

#include "arrow/status.h"
#include "http/route.h"

namespace pintail::http {

// What the test's side of the routes sees.
struct RouteEvents {
  std::atomic<int> waiting = 0;  // handlers of /wait that have begun
  std::promise<void> release;    // lets them go on
  std::shared_future<void> released = release.get_future().share();
  std::promise<arrow::Status> ended;  // how /cancelled, or /endless, ended; set once
};

// POST /echo: the body back. POST /count: its length. POST /ignore: never reads it.
// GET /text: "hello". GET /large?bytes=N: that many bytes. GET /broken: fails after the
// head is out. GET /wait: waits for `released`. GET /probe: like /text, in the lane for
// probes. GET /cancelled: waits until its call is cancelled. GET /endless: writes until
// it fails. GET /injected?value=…: the value as a header field.
RouteTable TestRoutes(RouteEvents& events, BodyUse body = BodyUse::kStream);

}  // namespace pintail::http
