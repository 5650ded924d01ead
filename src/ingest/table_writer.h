// One writer of one table: opens a transaction in which the table fits the arriving
// columns, inserts, commits. Used by the thread of its ingest.
//
// Invariant: what it makes or alters is part of the transaction that inserts, so a
// failure takes it back too. Only a table whose first rows go into its tail is made by
// itself (TakeTableBack).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arrow/type.h"
#include "base/clock.h"
#include "engine/tails.h"
#include "ingest/batch_queue.h"
#include "ingest/write_path.h"

namespace pintail::ingest {

class TableWriter {
 public:
  struct Parts {
    const base::CallContext& call;
    engine::Connection& connection;
    const Order& order;
    const base::Clock& clock;
    TableGates& gates;
    std::chrono::milliseconds lock_timeout;
    engine::Tails* tails;  // null: no table has one
    std::shared_ptr<arrow::Schema> arriving;
  };

  explicit TableWriter(Parts parts);
  // Rolls back what was not committed.
  ~TableWriter();

  // Whether the transaction is the caller's, who ends it.
  bool in_foreign_transaction() const { return foreign_; }

  // Whether the caller's transaction, if it is in one, is still that of the first time it
  // was asked: while a producer is waited for another call may end it. InvalidArgument.
  arrow::Status CheckTransaction();

  // Begins, and brings the table to the arriving columns. Waits for writers that change
  // the table, for `lock_timeout` at most, then Conflict. No more than
  // CheckTransaction when open. `until`: when the waiting ends, if it began before.
  arrow::Status Open(std::optional<base::Clock::Steady> until = {});
  // The same for a table that is there and need not change; false when it has to. Not in
  // a transaction of the caller.
  arrow::Result<bool> OpenAsItIs(base::Clock::Steady until);
  arrow::Result<int64_t> Insert(Chunk chunk);
  arrow::Status Commit();
  void Rollback();
  // Drops the table that an earlier commit of this writer made, unless it has rows by
  // now.
  void TakeTableBack();
  // So many rows of the upload were committed by another writer.
  void CommittedElsewhere(int64_t rows);

 private:
  // What the table needs before the batches fit.
  enum class Need : uint8_t { kNothing, kCreate, kReplace, kAlter };
  struct Change;

  arrow::Status Enter(const base::CallContext& call, TableGates::Use use,
                      base::Clock::Steady until);
  arrow::Status Fit(TableGates::Use use, bool& needs_change);
  arrow::Result<Change> Plan();
  arrow::Status Apply(const Change& change);
  arrow::Status Alter(const Change& change);
  arrow::Result<std::shared_ptr<arrow::Schema>> ExistingColumns();
  // Refuses what the database could not alter, with what to do instead.
  arrow::Status CheckWidening(const arrow::FieldVector& widened,
                              const arrow::Schema& existing);
  void NoteCommit();
  void Settle(const Change& change);
  arrow::Status CheckExact(const arrow::RecordBatch& batch) const;
  // Says so when DuckDB refused because the target is a view.
  arrow::Status ExplainView(const arrow::Status& refused);
  // Names the value when DuckDB refused because of one.
  arrow::Status ExplainValue(const arrow::Status& refused,
                             const arrow::RecordBatchVector& batches);

  const Parts parts_;
  const bool foreign_;
  std::string transaction_;  // the caller's, as DuckDB numbers it
  engine::TableName table_;
  Mode mode_;
  bool open_ = false;
  bool committed_ = false;
  bool makes_ = false;  // the transaction makes the table
  bool made_ = false;   // one that was committed has
  std::string gate_name_;
  TableGates::Pass pass_;
  std::shared_ptr<void> closed_;  // keeps rows from the tail of a table that is changed
  std::shared_ptr<arrow::Schema> inserted_;  // arriving columns by the table's names
  std::vector<int> exact_;  // arriving columns whose values must be exact as doubles
  std::set<std::string> altered_;  // columns that the transaction changed
  int64_t rows_ = 0;               // inserted so far, in all
};

}  // namespace pintail::ingest
