#include "catalog/source_link.h"

#include <algorithm>
#include <ctime>
#include <random>
#include <utility>

#include "base/error.h"

namespace pintail::catalog {
namespace {

using std::chrono::milliseconds;

// Between two attempts: doubled after each, with jitter; the first is also the least that
// lies between two that somebody asks for.
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{30'000};
// How often one that is up is asked whether it answers.
constexpr milliseconds kProbeInterval{5'000};
// What attaching may take beyond connecting, as far as a statement waits for it.
constexpr milliseconds kGrace{2'000};

milliseconds PauseAfter(int64_t failures) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const int64_t doubled = kFirstPause.count() << std::clamp<int64_t>(failures - 1, 0, 16);
  const int64_t pause = std::min<int64_t>(doubled, kLongestPause.count());
  return milliseconds(std::uniform_int_distribution<int64_t>(pause / 2, pause)(random));
}

std::string TimeText(base::Clock::Wall time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const size_t size = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return std::string(text, size);
}

}  // namespace

std::string_view SourceStateName(SourceState state) {
  if (state == SourceState::kUnknown) return "unknown";
  return state == SourceState::kUp ? "up" : "down";
}

SourceLink::SourceLink(Rooms rooms, SourceDefinition definition,
                       std::unique_ptr<SourceDriver> driver)
    : rooms_(std::move(rooms)),
      definition_(std::move(definition)),
      driver_(std::move(driver)) {
  health_.since = rooms_.clock.WallNow();
  thread_ = std::thread([this] { Work(); });
}

SourceLink::~SourceLink() { Close(); }

void SourceLink::Close() {
  std::call_once(closed_, [this] {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    const arrow::Status detached = driver_->Detach();
    if (!detached.ok() && base::KindOf(detached) != base::ErrorKind::kNotFound) {
      const std::string error = WithoutSecrets(definition_, detached.message());
      rooms_.log.Warn("a source could not be detached",
                      {{"source", definition_.name}, {"error", error}});
    }
  });
}

SourceHealth SourceLink::health() const {
  std::lock_guard lock(mutex_);
  return health_;
}

bool SourceLink::EnsureUp() {
  std::unique_lock lock(mutex_);
  if (health_.state == SourceState::kUp) return true;
  const bool just_failed =
      health_.state == SourceState::kDown && rooms_.clock.Now() - last_end_ < kFirstPause;
  if (just_failed || stopping_) return false;
  const int64_t before = health_.failures;
  asked_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, definition_.connect_timeout + kGrace, [&] {
    return stopping_ || health_.state == SourceState::kUp || health_.failures > before;
  });
  return health_.state == SourceState::kUp;
}

bool SourceLink::Check() {
  if (!up()) return false;
  if (driver_->Probe().ok()) return true;
  std::unique_lock lock(mutex_);
  suspected_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, definition_.connect_timeout + kGrace,
                    [&] { return stopping_ || !suspected_; });
  return health_.state == SourceState::kUp;
}

arrow::Status SourceLink::DownError() const {
  const SourceHealth health = this->health();
  return base::MakeError(
      base::ErrorKind::kUnavailable, "the source \"", definition_.name, "\" (",
      definition_.type, " at ", ShownConnection(definition_),
      ") cannot be reached since ", TimeText(health.since), ": ",
      health.last_error.empty() ? "it has not answered yet" : health.last_error,
      "; it is tried again by itself, and pintail.sources shows when it is back: see "
      "that "
      "its server runs, and that its connection, username and password are right");
}

void SourceLink::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (health_.state != SourceState::kUp) {
      lock.unlock();
      TryToAttach();
      lock.lock();
      if (health_.state == SourceState::kUp || stopping_) continue;
      const milliseconds pause = PauseAfter(health_.failures);
      changed_.wait_for(lock, pause, [&] { return stopping_ || asked_; });
      continue;
    }
    changed_.wait_for(lock, kProbeInterval, [&] { return stopping_ || suspected_; });
    if (stopping_) break;
    lock.unlock();
    const arrow::Status answers = driver_->Probe();
    if (!answers.ok()) LetGo(answers);
    lock.lock();
    suspected_ = false;
    changed_.notify_all();
  }
}

void SourceLink::TryToAttach() {
  auto schema = driver_->Attach();
  const std::string error =
      schema.ok() ? "" : WithoutSecrets(definition_, schema.status().message());
  bool changed = false;
  {
    std::lock_guard lock(mutex_);
    ++health_.attempts;
    last_end_ = rooms_.clock.Now();
    asked_ = false;
    const SourceState state = schema.ok() ? SourceState::kUp : SourceState::kDown;
    changed = health_.state != state;
    Enter(state, error);
    if (schema.ok()) {
      health_.schema = *schema;
      health_.failures = 0;
    } else {
      ++health_.failures;
    }
  }
  if (changed) {
    if (schema.ok()) {
      rooms_.log.Info("a source is attached", {{"source", definition_.name}});
    } else {
      rooms_.log.Warn("a source cannot be reached; it is tried again",
                      {{"source", definition_.name}, {"error", error}});
    }
    rooms_.on_change();
  }
  changed_.notify_all();
}

void SourceLink::LetGo(const arrow::Status& reason) {
  const std::string error = WithoutSecrets(definition_, reason.message());
  {
    std::lock_guard lock(mutex_);
    Enter(SourceState::kDown, error);
    ++health_.failures;
    last_end_ = rooms_.clock.Now();
  }
  rooms_.on_change();
  const arrow::Status detached = driver_->Detach();
  rooms_.log.Warn(
      "a source does not answer any more",
      {{"source", definition_.name}, {"error", error}, {"detached", detached.ok()}});
}

void SourceLink::Enter(SourceState state, const std::string& error) {
  if (health_.state != state) health_.since = rooms_.clock.WallNow();
  health_.state = state;
  if (!error.empty()) health_.last_error = error;
}

}  // namespace pintail::catalog
