// One request and its answer, from the head's last byte to the answer's.
//
// Shared by the connection (I/O thread) and, once handed over, one worker: the queues are
// where they meet, the call is what either cancels. The rest is the I/O thread's until
// Dispatcher::Run and the worker's from then on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/clock.h"
#include "http/answer.h"
#include "http/answer_queue.h"
#include "http/body_queue.h"
#include "http/head.h"
#include "http/route.h"

namespace pintail::http {

// How the queues wake the connection; callable from any thread.
struct ExchangeSignals {
  std::function<void()> body_has_room;
  std::function<void()> answer_changed;
};

struct Exchange {
  RequestHead head;
  Target target;
  const Route* route = nullptr;  // null: nothing to run, the answer is a refusal
  std::map<std::string, std::string> path_values;
  std::shared_ptr<base::CallContext> call;
  std::shared_ptr<BodyQueue> body;
  std::shared_ptr<AnswerQueue> answer_queue;
  std::unique_ptr<Answer> answer;
  base::Clock::Steady started;
  base::Clock::Steady deadline;
  int64_t max_body_bytes = 0;
  bool answered = false;  // nothing is left to run, only to send
};

}  // namespace pintail::http
