// Ctrl-C while a statement runs: it stops the statement, not the shell.
#pragma once

#include <functional>
#include <thread>

namespace pintail::cli {

// Blocks SIGINT in the calling thread and all threads it starts later, so that only a
// watch sees it. Called once, before there are other threads.
void TakeInterrupts();

// A descriptor that is readable while a SIGINT waits; -1 when none can be had.
int OpenInterrupts();
// Takes one SIGINT from the descriptor; false when none waits.
bool TakeInterrupt(int descriptor);

// Calls `on_interrupt` for each SIGINT, in a thread of its own, for as long as it lives.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::function<void()> on_interrupt);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  void Watch(const std::function<void()>& on_interrupt) const;

  int signals_ = -1;
  int end_ = -1;
  std::thread thread_;
};

}  // namespace pintail::cli
