// Gateway: ingest into a session's tables.
#include <utility>

#include "base/error.h"
#include "catalog/stream_bounds.h"
#include "engine/names.h"
#include "gateway/gateway_impl.h"
#include "gateway/put_key.h"

namespace pintail::gateway {
namespace {

ingest::Mode ModeOf(IngestMode mode) {
  switch (mode) {
    case IngestMode::kCreateOrAppend:
      return ingest::Mode::kCreateOrAppend;
    case IngestMode::kAppend:
      return ingest::Mode::kAppend;
    case IngestMode::kCreate:
      return ingest::Mode::kCreate;
    case IngestMode::kReplace:
      return ingest::Mode::kReplace;
  }
  return ingest::Mode::kCreateOrAppend;
}

arrow::Status CheckRange(const char* option, std::optional<int64_t> value, int64_t most) {
  if (!value || (*value >= 1 && *value <= most)) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kInvalidArgument, option, " is ", *value,
                         "; it can be between 1 and ", most);
}

// The same bounds as in the configuration. Names are those that clients send.
arrow::Status CheckBounds(const IngestRequest& request) {
  ARROW_RETURN_NOT_OK(
      CheckRange("chunk_rows (chunk_size)", request.chunk_rows, catalog::kMaxChunkRows));
  ARROW_RETURN_NOT_OK(
      CheckRange("commit_rows", request.commit_rows, catalog::kMaxCommitRows));
  if (!request.commit_interval) return arrow::Status::OK();
  return CheckRange("commit_interval_ms", request.commit_interval->count(),
                    catalog::kMaxCommitInterval.count());
}

arrow::Result<ingest::Order> OrderFor(const ingest::WritePath& path, const Place& place,
                                      const IngestRequest& request) {
  ARROW_ASSIGN_OR_RAISE(ingest::Order order,
                        path.OrderFor(request.stream, request.table));
  order.mode = ModeOf(request.mode);
  order.temporary = request.temporary;
  order.session = place.session->number();
  ARROW_RETURN_NOT_OK(CheckPutKey(request.key));
  order.key = request.key;
  if (request.temporary && !(order.table.catalog.empty() && order.table.schema.empty())) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "a temporary table has "
                           "neither catalog nor schema, but ",
                           engine::QuoteName(order.table),
                           " was asked for; name the table alone");
  }
  ARROW_RETURN_NOT_OK(CheckBounds(request));
  catalog::StreamPolicy& policy = order.stream.policy;
  if (request.schema_policy) policy.schema_policy = *request.schema_policy;
  if (request.chunk_rows) policy.chunk_rows = *request.chunk_rows;
  return order;
}

// The rules that the request asks for. Those that stand for its stream count only where
// nobody relies on all or nothing.
void SetCommitRules(const IngestRequest& request, bool in_transaction,
                    catalog::StreamPolicy& policy) {
  const bool appends =
      request.mode == IngestMode::kAppend || request.mode == IngestMode::kCreateOrAppend;
  if (!request.follows_commit_rules || !appends || in_transaction ||
      !request.key.empty()) {
    policy.commit_rows.reset();
    policy.commit_interval.reset();
  }
  if (request.commit_rows) policy.commit_rows = request.commit_rows;
  if (request.commit_interval) policy.commit_interval = request.commit_interval;
}

// The connection of the transaction that the client has begun, for an upload in it.
class TransactionTurn final : public ingest::ConnectionTurn {
 public:
  // All outlive this object; `lease` holds the connection while it is the upload's turn.
  TransactionTurn(StatementRun& run, const Place& place, Lease& lease)
      : run_(run), place_(place), lease_(lease) {}

  arrow::Status Take() override {
    Session& session = *place_.session;
    ARROW_ASSIGN_OR_RAISE(lease_, place_.transaction
                                      ? session.LeaseTransaction(run_, place_.transaction)
                                      : session.LeaseHome(run_));
    return lease_.AttachTo(run_);
  }
  void GiveBack() override { lease_.Return(); }

 private:
  StatementRun& run_;
  const Place& place_;
  Lease& lease_;
};

// The transaction's connection when the client has one open, else one that nobody misses
// while the upload waits for its client.
arrow::Result<Lease> LeaseFor(StatementRun& run, const Place& place) {
  Session& session = *place.session;
  if (place.transaction) return session.LeaseTransaction(run, place.transaction);
  if (session.InTransaction()) {
    ARROW_ASSIGN_OR_RAISE(Lease home, session.LeaseHome(run));
    // It may have ended while we waited.
    if (home.connection().InTransaction()) return home;
  }
  return session.LeaseReader(run);
}

}  // namespace

arrow::Result<IngestResult> GatewayImpl::Ingest(
    const CallPtr& call, const SessionPtr& session, const IngestRequest& request,
    std::shared_ptr<arrow::RecordBatchReader> batches,
    const std::function<arrow::Status(const IngestCommit&)>& on_commit) {
  ARROW_ASSIGN_OR_RAISE(const Place place,
                        PlaceOf(*call, session, request.transaction_id));
  ARROW_ASSIGN_OR_RAISE(ingest::Order order, OrderFor(write_path_, place, request));
  ARROW_ASSIGN_OR_RAISE(
      const RunPtr run,
      runs_->Start({.call = call,
                    .kind = RunKind::kIngest,
                    .session = place.session->number(),
                    .identity = call->identity(),
                    .parent = "",
                    .sql = "INGEST INTO " + engine::QuoteName(order.table),
                    .verb = "INGEST",
                    .parameters = "",
                    .timeout = std::nullopt}));
  const auto began = rooms_.clock.Now();
  const std::string& stream = order.stream.name;
  Figures& figures = runs_->figures();
  const ingest::OnCommit committed = [&](const ingest::Commit& commit) -> arrow::Status {
    figures.Ingested(stream, commit.new_rows, commit.new_bytes);
    run->SetRows(commit.rows);
    if (!on_commit) return arrow::Status::OK();
    return on_commit(
        {.number = commit.number, .rows = commit.rows, .position = commit.position});
  };

  return Explained(*run, [&]() -> arrow::Result<IngestResult> {
    ARROW_ASSIGN_OR_RAISE(Lease lease, LeaseFor(*run, place));
    ARROW_RETURN_NOT_OK(lease.AttachTo(*run));
    engine::Connection& connection = lease.connection();
    const bool inside = connection.InTransaction();
    SetCommitRules(request, inside, order.stream.policy);
    TransactionTurn turn(*run, place, lease);
    ARROW_ASSIGN_OR_RAISE(
        const ingest::Outcome outcome,
        write_path_.Ingest(run->context(),
                           inside ? ingest::Workplace(connection, turn) : connection,
                           order, std::move(batches), committed));
    lease.Return();
    if (request.temporary) place.session->HasTemporaries();
    if (inside) {
      ARROW_RETURN_NOT_OK(CountLater(*call, request.transaction_id, order, outcome));
    }
    run->SetRows(outcome.rows);
    run->Finish(arrow::Status::OK());
    if (!outcome.repeated) figures.IngestEnded(stream, rooms_.clock.Now() - began);
    return IngestResult{.stream = stream,
                        .table = order.table,
                        .rows = outcome.rows,
                        .commits = outcome.commits,
                        .position = outcome.position,
                        .repeated = outcome.repeated};
  });
}

arrow::Status GatewayImpl::CountLater(const base::CallContext& call,
                                      const std::string& transaction_id,
                                      const ingest::Order& order,
                                      const ingest::Outcome& outcome) {
  const auto count = [this, stream = order.stream, rows = outcome.rows,
                      bytes = outcome.bytes] {
    rooms_.streams.RecordCommit(stream, rows, bytes);
    runs_->figures().Ingested(stream.name, rows, bytes);
  };
  if (transaction_id.empty()) {
    // In a transaction begun by SQL, whose end nobody tells us of.
    count();
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto open,
                        transactions_.Find(transaction_id, call.identity()));
  std::lock_guard lock(open->mutex);
  open->after_commit.emplace_back(count);
  return arrow::Status::OK();
}

}  // namespace pintail::gateway
