// Everything that commits rows before DuckDB has them: the journal, the tails and the one
// who moves them. One per server; thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "engine/database.h"
#include "ingest/arrivals.h"
#include "ingest/mover.h"
#include "ingest/outbox.h"
#include "ingest/repeats.h"
#include "ingest/warnings.h"
#include "journal/journal.h"

namespace pintail::ingest {

class Intake {
 public:
  struct Options {
    Arrivals::Options arrivals;
    Mover::Options mover;
    // Unset: nothing is to outlive the process (a database in memory).
    std::optional<journal::Journal::Options> journal;
    // Needs the journal.
    Outbox::Options outbox;
  };
  // All outlive the intake.
  struct Ground {
    engine::Database& database;
    base::Timers& timers;
    const base::Clock& clock;
    base::Log& log;
    base::Metrics& metrics;
    // Null: keys of puts mean nothing.
    Repeats* repeats = nullptr;
  };

  // Opens the journal and puts into tails what of it is not in its table. Unavailable
  // when the journal is damaged, or holds rows for a table that cannot take them any
  // more.
  static arrow::Result<std::unique_ptr<Intake>> Open(const Ground& ground,
                                                     Options options);
  ~Intake();

  Arrivals& arrivals() { return *arrivals_; }
  Warnings& warnings() { return *warnings_; }

  // Null when nothing is sent on.
  const Outbox* outbox() const { return outbox_.get(); }

  // Stores everything that waits. Nothing may arrive any more.
  arrow::Status Stop();

 private:
  Intake() = default;
  void ReportJournal(base::Metrics& metrics);
  arrow::Status OpenJournal(const Ground& ground, const journal::Journal::Options& given);

  std::unique_ptr<journal::Files> files_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Mover> mover_;
  std::unique_ptr<Arrivals> arrivals_;
  std::unique_ptr<Warnings> warnings_;
};

}  // namespace pintail::ingest
