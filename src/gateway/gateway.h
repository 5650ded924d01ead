// The product without a protocol: what the Flight and the HTTP door offer is a
// translation of this interface.
//
// Sessions carry settings, temporary tables and transactions. Handles (sessions, prepared
// statements, transactions, parked results) are unguessable, found from any connection of
// the same identity, bounded in number and forgotten when idle. One Gateway per server;
// thread-safe. Every method takes the call's context first: cancelling it interrupts what
// runs in DuckDB.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "cache/entry.h"
#include "catalog/stream_bounds.h"
#include "catalog/streams.h"
#include "columnar/limits.h"
#include "engine/database.h"
#include "engine/statement.h"
#include "gateway/cache_control.h"

namespace pintail::cache {
class Cache;
}
namespace pintail::catalog {
class Sources;
}
namespace pintail::ingest {
class Arrivals;
class Repeats;
class Warnings;
}  // namespace pintail::ingest

namespace pintail::gateway {

class Session;
using CallPtr = std::shared_ptr<base::CallContext>;
using SessionPtr = std::shared_ptr<Session>;

// The longest timeout of a statement, as in the configuration.
constexpr std::chrono::hours kLongestTimeout{8'784};

struct GatewayOptions {
  std::chrono::milliseconds statement_timeout{0};  // 0: none
  std::chrono::milliseconds session_idle_timeout{std::chrono::minutes(30)};
  // How long a result that nobody fetches, or that nobody reads on from, is kept.
  std::chrono::milliseconds result_idle_timeout{std::chrono::minutes(5)};
  int64_t max_sessions = 1'000;
  int64_t max_prepared_per_session = 1'000;
  int64_t max_parked_results = 1'000;
  int64_t max_kept_bytes = int64_t{256} << 20;  // of rows of parked results, all together
  int64_t max_running_statements = 64;          // more are refused as ResourceExhausted
  int64_t max_running_ingests = 256;  // likewise; each may hold a thread and two chunks
  // How long an ingest waits for a table that another one has open.
  std::chrono::milliseconds ingest_lock_timeout{std::chrono::seconds(10)};
  int64_t recent_statements = 1'000;  // remembered for pintail.statements
  std::chrono::milliseconds slow_statement{1'000};
  bool log_parameters = false;
  columnar::Limits limits;
  // Settings for pintail.settings: key, value (secrets masked), where it came from.
  std::vector<std::array<std::string, 3>> settings;
  std::string version;
};

// What a statement is to be run with.
struct StatementRequest {
  std::string sql;
  std::string
      transaction_id;  // empty: the session's own (auto-commit unless BEGIN was run)
  // A batch of parameters, a row an execution; null: none.
  std::shared_ptr<arrow::RecordBatch> parameters;
  std::optional<std::chrono::milliseconds>
      timeout;  // unset: the session's, then the server's; at most kLongestTimeout
  CacheControl cache = {};
};

// Where an answer came from.
struct CacheNote {
  CacheOutcome outcome = CacheOutcome::kBypass;
  std::chrono::milliseconds age{0};  // of a hit, or a stale one
  // The rows as they go over the wire, complete; null: they are only in `rows`.
  cache::AnswerPtr answer = nullptr;
};

// A statement's outcome. `rows` is never null; it has no columns when the statement
// returns no rows. Read it to its end or drop it.
struct StatementResult {
  std::string statement_id;
  engine::StatementTraits traits;
  std::shared_ptr<arrow::RecordBatchReader> rows;
  std::optional<int64_t> rows_changed;  // over all executions; unset: not a change
  CacheNote cache = {};
};

// A statement that is planned but not yet run, or run and not yet read; waits for Fetch.
struct ParkedResult {
  std::string handle;
  std::shared_ptr<arrow::Schema> schema;
  engine::StatementTraits traits;
  std::optional<int64_t> rows_changed;  // set when it has already taken effect
  CacheNote cache = {};
};

struct PreparedInfo {
  std::string handle;
  std::shared_ptr<arrow::Schema> schema;  // of the result
  std::shared_ptr<arrow::Schema>
      parameter_schema;  // a nullable field a parameter, in order
  engine::StatementTraits traits;
};

// Progress of a statement that runs in the background (PollFlightInfo).
struct BackgroundState {
  std::string handle;  // poll again with it
  bool done = false;
  double progress = 0;                 // 0 to 1
  std::optional<ParkedResult> result;  // when done without error
};

enum class IngestMode : uint8_t { kCreateOrAppend, kAppend, kCreate, kReplace };

// The most of IngestRequest::chunk_rows, as in the configuration.
inline constexpr int64_t kMaxChunkRows = catalog::kMaxChunkRows;

struct IngestRequest {
  std::string stream;       // either a stream's name …
  engine::TableName table;  // … or a table (or both: the stream with another target)
  IngestMode mode = IngestMode::kCreateOrAppend;
  bool temporary = false;      // a temporary table of the session
  std::string transaction_id;  // empty: a transaction of its own
  std::optional<columnar::SchemaPolicy> schema_policy;  // unset: the stream's
  std::optional<int64_t> chunk_rows;
  std::optional<int64_t> commit_rows;
  std::optional<std::chrono::milliseconds> commit_interval;
  // Without a commit rule of its own it follows the one of the stream's declaration or of
  // the configuration. Never when it makes or replaces a table, or is in a transaction.
  bool follows_commit_rules = false;
  // Names this put (put_key.h): another one with the same key into the same table is
  // acknowledged and not applied. Empty: none. One that has a key is one commit.
  std::string key;
};

struct IngestCommit {
  int64_t number = 0;     // 1 for the first
  int64_t rows = 0;       // committed so far, in all
  uint64_t position = 0;  // in the journal; 0: it went straight into the database
};

struct IngestResult {
  std::string stream;
  engine::TableName table;
  int64_t rows = 0;
  int64_t commits = 0;
  uint64_t position = 0;  // of the last commit, in the journal; 0: it is in none
  bool repeated = false;  // by its key: it was applied before, and now nothing was
};

struct TableFilter {
  std::optional<std::string> catalog;         // exact
  std::optional<std::string> schema_pattern;  // SQL LIKE
  std::optional<std::string> table_pattern;   // SQL LIKE
  std::vector<std::string> types;  // "TABLE", "VIEW", "LOCAL TEMPORARY", …; empty: all
};

class Gateway {
 public:
  // All references outlive the gateway.
  struct Rooms {
    engine::Database& database;
    catalog::Streams& streams;
    base::Clock& clock;
    base::Timers& timers;
    base::Logs& logs;
    base::Metrics& metrics;
    // Null: every ingest is a transaction of DuckDB.
    ingest::Arrivals* arrivals = nullptr;
    // Null: nobody looks after rows that wait.
    ingest::Warnings* warnings = nullptr;
    // Null: there are no outside databases.
    const catalog::Sources* sources = nullptr;
    // Null: puts with a key are refused.
    ingest::Repeats* repeats = nullptr;
    // Null: every statement is run.
    cache::Cache* cache = nullptr;
  };

  static arrow::Result<std::unique_ptr<Gateway>> Make(const Rooms& rooms,
                                                      GatewayOptions options);
  virtual ~Gateway() = default;

  // ---- sessions
  // The session of this key, made when there is none. Keys are the door's choice (a
  // cookie's value, a client's address). A call holds the pointer as long as it lasts,
  // and no longer: a session that is held is in use. At the cap the longest idle session
  // is closed for a new one; ResourceExhausted when all are in use. NotFound, once, when
  // the key's session was closed by the server and its client has lost a transaction,
  // temporary tables or settings by it.
  virtual arrow::Result<SessionPtr> OpenSession(const CallPtr& call,
                                                const std::string& key) = 0;
  // Whether the key has a session, or had one whose loss OpenSession has yet to tell.
  virtual bool KnowsSession(const CallPtr& call, const std::string& key) const = 0;
  // A session for one call, closed when the last holder lets go.
  virtual arrow::Result<SessionPtr> TransientSession(const CallPtr& call) = 0;
  // Rolls back its transactions, drops its handles and temporary tables. OK when unknown.
  virtual arrow::Status CloseSession(const CallPtr& call, const std::string& key) = 0;
  // "catalog", "schema", "statement_timeout" (milliseconds), "time_zone", or any DuckDB
  // setting; an empty value brings the default back. NotFound for an unknown name,
  // InvalidArgument for a bad value.
  virtual arrow::Status SetSessionOption(const CallPtr& call, const SessionPtr& session,
                                         const std::string& name,
                                         const std::string& value) = 0;
  virtual arrow::Result<std::map<std::string, std::string>> SessionOptions(
      const CallPtr& call, const SessionPtr& session) = 0;

  // ---- statements
  // Runs every statement of the text in order; the last one's result.
  virtual arrow::Result<StatementResult> Execute(const CallPtr& call,
                                                 const SessionPtr& session,
                                                 StatementRequest request) = 0;
  // The same for a client that fetches later. A statement with an effect takes effect
  // here, exactly once, and its result is kept; one that only reads is planned here and
  // runs at Fetch. At the cap of parked results the one that was asked for the longest
  // ago gives way, those that were fetched before those that were not; likewise when the
  // kept rows of all are more than may be.
  virtual arrow::Result<ParkedResult> Park(const CallPtr& call, const SessionPtr& session,
                                           StatementRequest request) = 0;
  // The parked result. A read-only one may be fetched again until it expires; a result
  // that has taken effect stays readable until it expires, without running again.
  virtual arrow::Result<StatementResult> Fetch(const CallPtr& call,
                                               const std::string& handle) = 0;
  virtual arrow::Result<BackgroundState> StartInBackground(const CallPtr& call,
                                                           const SessionPtr& session,
                                                           StatementRequest request) = 0;
  // Returns at once with the state; the statement's own error when it failed.
  virtual arrow::Result<BackgroundState> PollBackground(const CallPtr& call,
                                                        const std::string& handle) = 0;
  // Stops a parked, running or background statement and forgets it. NotFound when
  // unknown.
  virtual arrow::Status Cancel(const CallPtr& call, const std::string& handle) = 0;

  // ---- prepared statements
  virtual arrow::Result<PreparedInfo> Prepare(const CallPtr& call,
                                              const SessionPtr& session,
                                              const std::string& sql,
                                              const std::string& transaction_id) = 0;
  // What Prepare said of it.
  virtual arrow::Result<PreparedInfo> DescribePrepared(const CallPtr& call,
                                                       const std::string& handle) = 0;
  virtual arrow::Status ClosePrepared(const CallPtr& call, const std::string& handle) = 0;
  // The parameters of the next run; kept until bound anew. InvalidArgument when their
  // count does not fit.
  virtual arrow::Status Bind(const CallPtr& call, const std::string& handle,
                             std::shared_ptr<arrow::RecordBatch> parameters) = 0;
  virtual arrow::Result<ParkedResult> ParkPrepared(const CallPtr& call,
                                                   const std::string& handle,
                                                   const CacheControl& cache = {}) = 0;
  // Runs it once for each row of the parameters.
  virtual arrow::Result<StatementResult> ExecutePrepared(
      const CallPtr& call, const std::string& handle,
      std::shared_ptr<arrow::RecordBatch> parameters) = 0;

  // ---- transactions
  virtual arrow::Result<std::string> Begin(const CallPtr& call,
                                           const SessionPtr& session) = 0;
  virtual arrow::Status Commit(const CallPtr& call,
                               const std::string& transaction_id) = 0;
  virtual arrow::Status Rollback(const CallPtr& call,
                                 const std::string& transaction_id) = 0;

  // ---- ingest
  // Takes all batches of the reader (already validated) into the target; all or nothing
  // unless a commit rule is set. `on_commit` (may be empty) is called in the caller's
  // thread after each durable commit.
  virtual arrow::Result<IngestResult> Ingest(
      const CallPtr& call, const SessionPtr& session, const IngestRequest& request,
      std::shared_ptr<arrow::RecordBatchReader> batches,
      const std::function<arrow::Status(const IngestCommit&)>& on_commit) = 0;

  // ---- what there is
  // Rows of: catalog utf8, schema utf8, name utf8, type utf8, remarks utf8,
  // estimated_rows int64.
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Tables(
      const CallPtr& call, const SessionPtr& session, const TableFilter& filter) = 0;
  // The columns as a result would show them, not-null columns as such, remarks and
  // DuckDB's type name in the field metadata ("REMARKS", "TYPE_NAME"). NotFound when
  // there is none.
  virtual arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const CallPtr& call, const SessionPtr& session, const engine::TableName& table) = 0;

  // ---- the server's state
  // OK when a query runs.
  virtual arrow::Status CheckReady(const CallPtr& call) = 0;
  // What is wrong though the server works, in words for people; empty when nothing is.
  // Asks nothing of the database.
  virtual std::vector<std::string> Warnings() const = 0;
  // Takes no new work from now on (Unavailable), waits for running statements until
  // `grace` has passed, then cancels them. Rolls back open transactions. Idempotent.
  virtual arrow::Status Drain(std::chrono::milliseconds grace) = 0;

  virtual const GatewayOptions& options() const = 0;
};

}  // namespace pintail::gateway
