// One ingest from its first batch to its last commit. Used by the thread of its call.
//
// Without a commit rule batches are read ahead in a second thread while chunks are
// inserted. With `commit_rows` everything happens in one thread, batch after batch: the
// producer may wait for the acknowledgement before it sends on. With `commit_interval` a
// second thread waits for the producer, so that what has come is committed in time though
// nothing more comes; it reads the next batch when the one before is in the table.
//
// A commit that is not large is gathered first and then put into the tail of the table
// all at once, without a transaction of DuckDB (arrivals.h). What has grown too large for
// that, or does not fit the table as it is, goes into the table itself. Where it cannot
// wait in a tail a small commit is gathered as well, and then shares a transaction with
// those of others (joined_commits.h).
//
// The table's gate is entered when the first chunk, or the end, has come. It is held as
// long as the transaction, and so also while the producer is waited for in the middle.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ingest/arrivals.h"
#include "ingest/batch_queue.h"
#include "ingest/joined_commits.h"
#include "ingest/repeats.h"
#include "ingest/table_writer.h"
#include "ingest/write_path.h"

namespace pintail::ingest {

class Shipper;

class Ingestion {
 public:
  struct Parts {
    const base::CallContext& call;
    Workplace workplace;
    const Order& order;
    catalog::Streams& streams;
    const base::Clock& clock;
    base::Timers& timers;
    TableGates& gates;
    JoinedCommits& joined;
    std::chrono::milliseconds lock_timeout;
    const OnCommit& on_commit;
    Arrivals* arrivals;  // null: everything goes straight into its table
    // The right to apply this put, which has one commit; null: it has no key.
    Repeats::Claim* claim;
  };

  Ingestion(Parts parts, std::shared_ptr<arrow::RecordBatchReader> batches);

  arrow::Result<Outcome> Run();

 private:
  const catalog::StreamPolicy& policy() const { return parts_.order.stream.policy; }

  // Of the reading thread.
  bool ReadOne();  // false at the end
  void ReadAll();

  // Whether the rows are sent on to a source, so that all of them have to go through the
  // journal. InvalidArgument for what cannot.
  arrow::Status CheckSending();
  // Of what is sent on: brings the rows that were gathered to the table's columns, and
  // the table to the rows first where the policy allows it, and commits them.
  arrow::Status CommitFitted();
  // Whether rows that were published are acknowledged only once the source has them.
  bool IsToWait(const arrow::RecordBatchVector& rows) const;
  arrow::Status RefuseToSend();

  // Of the inserting thread, which is the caller's.
  arrow::Status InsertAll();
  arrow::Status TakeChunk(Chunk chunk);
  arrow::Status InsertChunk(Chunk chunk);
  // What is small is gathered for a commit that others may share.
  arrow::Status JoinOrInsert(Chunk chunk);
  // What was gathered for a commit goes into the table after all.
  arrow::Status InsertGathered();
  // Whether the next commit may be put into the table's tail.
  bool MayGather() const;
  // Whether it adds to a stored table, in commits of its own.
  bool Appends() const;
  // What was gathered for a commit.
  arrow::RecordBatchVector Gathered() const;
  // Whether the next commit may be shared with others, if it is small.
  bool MayJoin() const;
  // Opens the table for a stream without rows; inside a caller's transaction, looks
  // whether it is still there.
  arrow::Status OpenAtEnd();
  // When it is the connection's turn, if others use it.
  template <typename Work>
  arrow::Status InTurn(const Work& work);
  bool CommitIsDue() const;
  arrow::Status CommitPending();
  arrow::Status CommitGathered();
  arrow::Status MakeTable();
  arrow::Status CommitJoined();
  // As JoinedCommits::Part::commit_all.
  arrow::Result<bool> CommitAll(const std::vector<const JoinedCommits::Part*>& all);
  arrow::Status WriteKey();
  void StartInterval();
  TableWriter::Parts WriterParts(engine::Connection& connection,
                                 const Order& order) const;

  const Parts parts_;
  const std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> current_;  // what is left of the last batch read
  BatchQueue queue_;
  TableWriter writer_;
  Outcome outcome_;
  // Gathered for a commit that is acknowledged before DuckDB has it, or shared with
  // others; empty once a chunk of the commit is in DuckDB's transaction.
  std::vector<Chunk> gathered_;
  Arrivals::Room room_;
  Arrivals::Target target_;
  Shipper* shipper_ = nullptr;  // sends the rows on; null: nobody does
  bool sends_ = false;
  bool waits_ = false;  // the commit is acknowledged once the source has it
  std::shared_ptr<void> acting_;
  bool gathers_ = false;
  bool makes_table_ = false;  // the commit that is gathered has no table yet
  bool joins_ = false;
  std::optional<base::Clock::Steady> open_until_;  // when waiting for the table ends
  int64_t pending_rows_ = 0;  // gathered or inserted, and not committed
  int64_t pending_bytes_ = 0;
  uint64_t position_ = 0;  // of the last commit, in the journal; 0: it is in none
  std::optional<base::Clock::Steady> commit_due_;
  std::unique_ptr<base::Timers::Handle> alarm_;
};

}  // namespace pintail::ingest
