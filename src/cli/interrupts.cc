#include "cli/interrupts.h"

#include <array>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace pintail::cli {
namespace {

sigset_t Interrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void TakeInterrupts() {
  const sigset_t set = Interrupt();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int OpenInterrupts() {
  const sigset_t set = Interrupt();
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool TakeInterrupt(int descriptor) {
  signalfd_siginfo interrupt{};
  return read(descriptor, &interrupt, sizeof(interrupt)) == sizeof(interrupt);
}

InterruptWatch::InterruptWatch(std::function<void()> on_interrupt) {
  signals_ = OpenInterrupts();
  end_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || end_ < 0) return;  // statements then cannot be interrupted
  thread_ = std::thread([this, call = std::move(on_interrupt)] { Watch(call); });
}

InterruptWatch::~InterruptWatch() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    if (write(end_, &one, sizeof(one)) == sizeof(one)) thread_.join();
  }
  close(signals_);
  close(end_);
}

void InterruptWatch::Watch(const std::function<void()>& on_interrupt) const {
  while (true) {
    std::array<pollfd, 2> watched = {
        {{.fd = signals_, .events = POLLIN}, {.fd = end_, .events = POLLIN}}};
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    if (TakeInterrupt(signals_)) on_interrupt();
    if ((watched[1].revents & POLLIN) != 0) return;
  }
}

}  // namespace pintail::cli
