// The write path: batches into a table, all or nothing, or commit by commit.
//
// One per server; thread-safe. Knows the table's schema policy and who else writes to the
// table; the connection it works on is the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "catalog/streams.h"
#include "engine/connection.h"
#include "ingest/connection_turn.h"
#include "ingest/joined_commits.h"
#include "ingest/repeats.h"
#include "ingest/table_gate.h"

namespace pintail::ingest {

class Arrivals;

enum class Mode : uint8_t { kCreateOrAppend, kAppend, kCreate, kReplace };

// What is to be done with the batches.
struct Order {
  catalog::StreamDeclaration stream;  // its policy is the one to follow
  engine::TableName table;
  Mode mode = Mode::kCreateOrAppend;
  bool temporary = false;  // the table is one of the session's
  int64_t session = 0;     // its number: temporary tables of others are others
  // Names this put within its table: another one with the same key is not applied. Empty:
  // none. UTF-8 without a zero byte.
  std::string key;
};

// A commit that has happened.
struct Commit {
  int64_t number = 0;     // 1 for the first
  int64_t rows = 0;       // committed so far, in all
  int64_t new_rows = 0;   // by this commit
  int64_t new_bytes = 0;  // likewise, as Arrow data
  uint64_t position = 0;  // in the journal; 0: it went straight into the database
};

struct Outcome {
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t commits = 0;    // none inside a transaction of the caller
  uint64_t position = 0;  // of the last commit, in the journal; 0: it is in none
  bool repeated = false;  // applied before, with so many rows; now nothing was
};

using OnCommit = std::function<arrow::Status(const Commit&)>;

// The connection that an ingest works on.
struct Workplace {
  // Implicitly: one that is the ingest's alone until its end.
  Workplace(engine::Connection& given)  // NOLINT(google-explicit-constructor)
      : connection(given) {}
  // One with a transaction that others use too. It is taken when the ingest begins and
  // given back when it ends.
  Workplace(engine::Connection& given, ConnectionTurn& others)
      : connection(given), turn(&others) {}

  engine::Connection& connection;
  ConnectionTurn* turn = nullptr;
};

class WritePath {
 public:
  struct Options {
    // How long an ingest waits for a table that another one has open.
    std::chrono::milliseconds lock_timeout{10'000};
    base::Metrics* metrics = nullptr;  // may be null; outlives the write path
  };

  // All outlive this object. `arrivals` may be null: then every commit is one of DuckDB.
  // So may `repeats`: then keys are refused.
  WritePath(catalog::Streams& streams, Arrivals* arrivals, const base::Clock& clock,
            base::Timers& timers, Options options, Repeats* repeats = nullptr)
      : streams_(streams),
        arrivals_(arrivals),
        clock_(clock),
        timers_(timers),
        options_(options),
        repeats_(repeats),
        gates_(clock, timers),
        joined_(clock, timers, options.metrics) {}

  // The order for a stream's name, a table, or both (the stream with another target).
  // InvalidArgument when there is neither, or a name that no table can have.
  arrow::Result<Order> OrderFor(const std::string& stream,
                                const engine::TableName& table) const;

  // Takes all batches (validated) into the table. In a transaction that the connection is
  // in already, else in one of its own; a commit rule is refused in the former. Until the
  // first commit a failure leaves nothing behind, not even a table or column it made;
  // later ones lose what was not committed. `on_commit` (may be empty) is called in this
  // thread. The batches may be pulled in another thread, which has ended on return.
  // Conflict when another ingest has the table open for too long.
  // With a key it is applied once: when it was before, all batches are read and nothing
  // else happens, InvalidArgument when they have another number of rows than then. Waits
  // for another one with this key, as long as for the table. InvalidArgument with a
  // commit rule, in a transaction that the connection is in already, or for a table that
  // is not in the server's own database.
  arrow::Result<Outcome> Ingest(const base::CallContext& call, Workplace workplace,
                                const Order& order,
                                std::shared_ptr<arrow::RecordBatchReader> batches,
                                const OnCommit& on_commit);

  const JoinedCommits& joined() const { return joined_; }

 private:
  arrow::Result<Outcome> Run(const base::CallContext& call, Workplace workplace,
                             const Order& order,
                             std::shared_ptr<arrow::RecordBatchReader> batches,
                             const OnCommit& on_commit, Repeats::Claim* claim);
  arrow::Status AwaitSource(const base::CallContext& call, Workplace workplace,
                            const Order& order);
  arrow::Result<Outcome> RunOnce(const base::CallContext& call, Workplace workplace,
                                 const Order& order,
                                 std::shared_ptr<arrow::RecordBatchReader> batches,
                                 const OnCommit& on_commit);

  catalog::Streams& streams_;
  Arrivals* const arrivals_;
  const base::Clock& clock_;
  base::Timers& timers_;
  const Options options_;
  Repeats* const repeats_;
  TableGates gates_;
  JoinedCommits joined_;
};

}  // namespace pintail::ingest
