// A table whose rows are sent on to a source (docs/decisions/011-write-through.md). Plain
// values; copy freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "engine/names.h"

namespace pintail::ingest {

// Rows that are not older than `age`, by the time in `column`, stay here; the others are
// in the source only (docs/decisions/012-tiers.md).
struct Retention {
  std::chrono::milliseconds age{0};
  std::string column;
};

struct WriteThrough {
  engine::TableName table;             // of the server's own database, with its schema
  engine::TableName target;            // its catalog is the source
  std::optional<Retention> retention;  // unset: everything stays here too
};

// How far a source is with what the journal has for one table.
struct Place {
  uint64_t position = 0;  // all records up to it are in the source
  int64_t part = 0;       // and so many rows of the table's next one

  bool operator==(const Place&) const = default;
};

// One table as it stands, for the view pintail.write_through.
struct WriteThroughFigures {
  WriteThrough what;
  std::string
      state;  // "unknown" until the source was asked, "idle", "sending", "failing"
  std::string guarantee;  // "exactly once", "at least once", "unknown"
  Place place;
  int64_t lag_rows = 0;  // acknowledged, and not known to be in the source
  int64_t lag_bytes = 0;
  std::optional<base::Clock::Steady> oldest;  // when the first of those arrived
  // Since the start:
  int64_t sent_rows = 0;
  int64_t shipments = 0;
  int64_t retries = 0;
  int64_t dead_letters = 0;  // of all times
  std::optional<base::Clock::Wall> last_sent;
  int64_t failures = 0;  // attempts in a row that failed
  std::string last_error;
};

}  // namespace pintail::ingest
