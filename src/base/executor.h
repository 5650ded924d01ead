// A bounded pool of threads for background work. Work that does not fit is refused, never
// queued without end. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "arrow/status.h"

namespace pintail::base {

class Executor {
 public:
  struct Options {
    std::string name;       // thread names, and the message of a refusal
    size_t threads = 4;     // started when first needed, kept until destruction
    size_t max_queue = 64;  // tasks that wait for a thread
  };

  explicit Executor(Options options);
  // Runs what is queued, then joins the threads.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // ResourceExhausted when the queue is full, Unavailable once destruction has begun.
  arrow::Status Submit(std::function<void()> task);

  size_t queued() const;
  size_t running() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pintail::base
