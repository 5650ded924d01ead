// One source that the server keeps attached: a thread of its own attaches it, looks after
// it, lets it go when it does not answer and tries again with growing pauses.
//
// Thread-safe. The driver's Attach and Detach are called by its thread alone.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/source_definition.h"
#include "catalog/source_driver.h"

namespace pintail::catalog {

enum class SourceState : uint8_t { kUnknown, kUp, kDown };

// "up", "down" or "unknown".
std::string_view SourceStateName(SourceState state);

struct SourceHealth {
  SourceState state = SourceState::kUnknown;
  base::Clock::Wall since;  // it has been so
  std::string last_error;   // without secrets; empty: none yet
  std::string schema;       // that its names are looked for in, when it is up
  int64_t attempts = 0;     // to attach it
  int64_t failures = 0;
};

class SourceLink {
 public:
  struct Rooms {
    base::Clock& clock;
    base::Log& log;
    std::function<void()> on_change;  // after its state has changed; no lock is held
  };

  SourceLink(Rooms rooms, SourceDefinition definition,
             std::unique_ptr<SourceDriver> driver);
  ~SourceLink();
  SourceLink(const SourceLink&) = delete;
  SourceLink& operator=(const SourceLink&) = delete;

  // Detaches it for good; others may hold the object still. Waits for an attempt that is
  // under way. Called by the destructor if it was not before.
  void Close();

  const SourceDefinition& definition() const { return definition_; }
  SourceHealth health() const;
  bool up() const { return health().state == SourceState::kUp; }

  // Whether it is up, after an attempt that ends now or has failed a moment ago. Waits no
  // longer than connecting may take.
  bool EnsureUp();
  // Of one that is up: whether it still answers; if not, it is down when this returns.
  bool Check();

  // Unavailable: its name, where it is, since when and why, and what to do.
  arrow::Status DownError() const;

 private:
  void Work();
  void TryToAttach();
  void LetGo(const arrow::Status& reason);
  // Under mutex_.
  void Enter(SourceState state, const std::string& error);

  const Rooms rooms_;
  const SourceDefinition definition_;
  const std::unique_ptr<SourceDriver> driver_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  SourceHealth health_;           // and all below: protected by mutex_
  base::Clock::Steady last_end_;  // of an attempt
  bool asked_ = false;
  bool suspected_ = false;
  bool stopping_ = false;

  std::once_flag closed_;
  std::thread thread_;
};

}  // namespace pintail::catalog
