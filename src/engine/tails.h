// Rows that have arrived for tables and wait to be put into them.
//
// A batch that is in the tail of its table is seen by every transaction that begins
// afterwards, together with the rows of the table and as if it were in it, each row once
// (docs/decisions/006). One per Database; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/clock.h"
#include "engine/connection.h"

namespace pintail::engine {

// A table as it is now, for batches of one schema. Opaque, immutable.
struct TailTarget;

// Keeps the definition of a table from being changed while a batch is on its way to its
// tail. Released by dropping it, from any thread.
class TailPass {
 public:
  virtual ~TailPass() = default;
};

// What waits for one table.
struct TailFigures {
  TableName table;
  int64_t parts = 0;
  int64_t rows = 0;
  int64_t bytes = 0;
  base::Clock::Steady oldest;   // arrival of the first part
  uint64_t first_position = 0;  // in the journal, of the first part; 0: in none
};

// All records of the journal for the table up to this position are in it.
struct TailPosition {
  TableName table;
  uint64_t position = 0;
};

// A table whose rows are sent on to a source.
struct SentOnTable {
  TableName table;     // with its schema
  std::string target;  // for messages: "source.schema.table"
};

// A put that named itself by a key and is in its table or in the tail of it: when it is
// sent again, it is not applied again (docs/decisions/008-repeats.md).
struct AppliedPut {
  std::string table;  // opaque here
  std::string key;
  int64_t rows = 0;
  base::Clock::Wall time;  // when it was applied

  bool operator==(const AppliedPut&) const = default;
};

// The columns of the table "tiers", which is where the positions are: for each table
// whose older rows are in a source, which that is, and the boundary, NULL until rows have
// left, as text in the column's type and in seconds since 1970
// (docs/decisions/012-tiers.md). Whoever changes it does so in the transaction that
// deletes the rows below.
inline constexpr const char* kTiersColumns =
    "table_schema VARCHAR, table_name VARCHAR, source VARCHAR, source_schema VARCHAR, "
    "source_table VARCHAR, column_name VARCHAR, boundary VARCHAR, boundary_second BIGINT";

class Tails {
 public:
  virtual ~Tails() = default;

  // Makes the place in the database where the positions of moved rows are written down,
  // if it is not there yet, and reads them. To be called before the first position.
  virtual arrow::Result<std::vector<TailPosition>> OpenPositions() = 0;

  // The table for batches of the schema, or null when its rows cannot wait: DuckDB has to
  // look at each (keys, checks, indexes, defaults, generated columns), or the columns are
  // not just those of the table in their types, or it is no table of the server's own
  // database. NotFound when there is none.
  virtual arrow::Result<std::shared_ptr<const TailTarget>> TargetFor(
      Connection& connection, const TableName& table, const arrow::Schema& schema) = 0;

  // The batches (validated) in the columns of the target. InvalidArgument names the value
  // that the table cannot hold. Pure.
  virtual arrow::Result<arrow::RecordBatchVector> Conform(
      const TailTarget& target, const arrow::RecordBatchVector& batches) const = 0;

  // Waits while the table's definition is being changed, `timeout` at most, then
  // Conflict. Null when it has changed since the target was made: ask for the target
  // again.
  virtual arrow::Result<std::unique_ptr<TailPass>> Enter(
      const TailTarget& target, std::chrono::milliseconds timeout) = 0;

  // The table's name in the catalog.
  virtual TableName TableOf(const TailTarget& target) const = 0;

  // Puts everything that waits for a table of this name into it, so that rows which go
  // there straight come after those. Conflict when someone else has had them for longer
  // than `patience`.
  virtual arrow::Status Store(const std::string& table,
                              std::chrono::milliseconds patience) = 0;

  // Puts everything that waits for a table of this name into it, and keeps new rows away
  // until what it returns is dropped: for those who will change what the table is.
  virtual arrow::Result<std::shared_ptr<void>> Close(const std::string& table) = 0;

  // Puts conformed batches, which are not empty, at the end of the tail, where they are
  // seen at once, all of them or none. `position` is that of their record in the journal,
  // 0 when they are in none. `put` (null: none) is written down in the database together
  // with their rows. The caller holds a pass.
  virtual void Add(const TailTarget& target, const arrow::RecordBatchVector& batches,
                   uint64_t position, std::shared_ptr<const AppliedPut> put) = 0;

  // Puts what has arrived first into the table, in one commit: all of the tail, or as
  // many whole arrivals as have at least `rows` rows. Returns rows moved; 0 when the tail
  // is empty, someone else is moving it now, or a transaction that has begun not long ago
  // may still change them.
  virtual arrow::Result<int64_t> Move(const TableName& table, int64_t rows) = 0;

  // Makes the place in the database where applied puts are written down, if it is not
  // there yet, and reads the newest `most` of those since then, oldest first. To be
  // called before the first of them.
  virtual arrow::Result<std::vector<AppliedPut>> OpenPuts(base::Clock::Wall since,
                                                          int64_t most) = 0;
  // Writes the put down in the transaction that the connection is in.
  virtual arrow::Status WritePut(Connection& connection, const AppliedPut& put) = 0;
  // Drops those that were applied before then, in a transaction of its own.
  virtual arrow::Status ForgetPuts(base::Clock::Wall before) = 0;

  // The rows of these tables are sent on to sources: from now on statements of clients
  // that change the tables are refused.
  virtual void SetSentOn(std::vector<SentOnTable> tables) = 0;
  // Until what it returns is dropped, statements of this connection are the server's own
  // doing: they may change what is refused to clients. Ends before the connection.
  virtual std::shared_ptr<void> ActAsServer(Connection& connection) = 0;

  // The name of the server's own database, which all of this is in.
  virtual const std::string& database() const = 0;
  // Of all tails together.
  virtual int64_t bytes() const = 0;
  // Every tail that is not empty. Names are those of the catalog.
  virtual std::vector<TailFigures> figures() const = 0;
};

}  // namespace pintail::engine
