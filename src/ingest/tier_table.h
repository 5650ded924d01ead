// What is written down of the tables whose older rows are in a source, and the statements
// that go by it: the table "tiers" (engine/tails.h). Used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "engine/connection.h"
#include "engine/database.h"
#include "ingest/tier_time.h"
#include "ingest/write_through.h"

namespace pintail::ingest {

// Those of `sent_on` that have a retention, and those whose rows have left under an
// earlier configuration: with one that bounds nothing. InvalidArgument when rows have
// left a table that is not among them: queries would still ask the source, and late rows
// would be lost to them.
arrow::Result<std::vector<WriteThrough>> TieredTables(
    engine::Database& database, const std::vector<WriteThrough>& sent_on);

class TierTable {
 public:
  // The database outlives this. `what` has a retention.
  TierTable(engine::Database& database, WriteThrough what);

  // Writes down that older rows are to be in the source, unless it is; returns the
  // boundary. InvalidArgument when the table has rows that nobody knows to be there, or
  // when another source's table or column was used before.
  arrow::Result<int64_t> Register();
  // The column's type in SQL; empty while there is no such column.
  arrow::Result<std::string> ReadType();

  // Rows that are here. All of these want ReadType before.
  arrow::Result<int64_t> CountRows();
  // Whether a row is below the boundary.
  arrow::Result<bool> HasBelow(int64_t boundary);
  // The lowest boundary that leaves no more than `keep` rows here; kNoBoundary when there
  // are no more.
  arrow::Result<int64_t> BoundaryKeeping(int64_t keep);
  // Deletes the rows below and writes the boundary down, in one transaction. Returns rows
  // deleted. Conflict when rows of the table were moved meanwhile.
  arrow::Result<int64_t> Move(int64_t boundary);

 private:
  struct Session {
    std::unique_ptr<engine::Connection> connection;
    std::shared_ptr<void> acting;  // ends first
  };
  arrow::Result<Session> Open();
  std::string Constant(int64_t boundary) const;

  engine::Database& database_;
  const WriteThrough what_;
  const std::string table_;   // quoted
  const std::string column_;  // likewise
  std::string type_;
};

}  // namespace pintail::ingest
