// What is wrong with the rows that have arrived and are not in their tables, in words for
// people: they wait too long, they cannot be stored, the journal is nearly full or cannot
// be written.
//
// Looks by itself once a second and logs what appears and what goes, once each; the
// metric ingest_warnings counts what is there now. One per server; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "engine/tails.h"
#include "ingest/mover.h"
#include "ingest/outbox.h"
#include "journal/journal.h"

namespace pintail::ingest {

class Warnings {
 public:
  struct Options {
    // Rows are to be moved when they have waited so long.
    std::chrono::milliseconds max_age{1'000};
    // Of the journal.
    int64_t max_bytes = 0;
  };
  // All outlive this object. `journal` is null when nothing is to outlive the process.
  struct Ground {
    const engine::Tails& tails;
    const Mover& mover;
    const journal::Journal* journal;
    const Outbox* outbox = nullptr;  // null when nothing is sent on
    const base::Clock& clock;
    base::Timers& timers;
    base::Log& log;
    base::Metrics& metrics;
  };

  Warnings(const Ground& ground, Options options);
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;

  // What is wrong at this moment, a sentence or more each, without values of rows. Takes
  // no more than a look at figures that are kept anyway.
  std::vector<std::string> Look();

 private:
  enum class Kind : uint8_t {
    kLongWait,
    kJournalRoom,
    kFailedMove,
    kJournalFault,
    kNotSent,
    kDeadLetters,
  };

  std::optional<std::string> LongWait() const;
  std::optional<std::string> FailedMove() const;
  std::optional<std::string> NotSent() const;
  std::optional<std::string> Refused() const;
  std::optional<std::string> JournalRoom(const journal::Figures& figures) const;

  const Ground ground_;
  const Options options_;
  base::Gauge& gauge_;
  std::mutex mutex_;
  std::map<Kind, std::string> told_;  // as they were when they appeared; under mutex_
  std::unique_ptr<base::Timers::Handle> alarm_;  // made last, ended first
};

}  // namespace pintail::ingest
