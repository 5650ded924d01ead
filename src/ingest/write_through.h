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

// Which rows stay here; the others, the oldest by the time in `column`, are in the source
// only (docs/decisions/012-tiers.md). What is unset does not bound them.
struct Retention {
  std::optional<std::chrono::milliseconds> age;  // not older
  std::optional<int64_t> rows;                   // not more
  std::optional<int64_t> bytes;                  // not more, as they came
  std::string column;
};

struct WriteThrough {
  engine::TableName table;             // of the server's own database, with its schema
  engine::TableName target;            // its catalog is the source
  std::optional<Retention> retention;  // unset: everything stays here too
  bool sync = false;                   // rows are acknowledged once the source has them
};

// How far a source is with what the journal has for one table.
struct Place {
  uint64_t position = 0;  // all records up to it are in the source
  int64_t part = 0;       // and so many rows of the table's next one

  bool operator==(const Place&) const = default;
};

// A table whose older rows are in the source, for the view pintail.tiers.
struct TierFigures {
  WriteThrough what;
  std::string boundary;   // in the column's type; empty: nothing has left
  std::string moving_to;  // where the boundary will be once the source has everything
  std::optional<int64_t> boundary_second;  // since 1970
  int64_t rows = 0;                        // that are here
  // Since the start:
  int64_t moves = 0;
  int64_t moved_rows = 0;
  std::optional<base::Clock::Wall> last_move;
  std::string last_error;
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
