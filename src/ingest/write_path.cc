#include "ingest/write_path.h"

#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "ingest/ingestion.h"
#include "ingest/outbox.h"
#include "ingest/resolved_name.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using base::MakeError;

std::string Joined(const engine::TableName& name) {
  std::string joined = name.catalog;
  for (const std::string& part : {name.schema, name.table}) {
    if (!joined.empty()) joined += ".";
    joined += part;
  }
  return joined;
}

arrow::Status CheckName(const engine::TableName& name) {
  if (name.table.empty()) {
    return MakeError(ErrorKind::kInvalidArgument,
                     "no target was given: name a stream or a table");
  }
  for (const std::string& part : {name.catalog, name.schema, name.table}) {
    if (part.find('\0') != std::string::npos) {
      return MakeError(ErrorKind::kInvalidArgument,
                       "a table's name cannot hold a zero byte; choose another name");
    }
  }
  return arrow::Status::OK();
}

// A key stands for one commit that is the put's own.
arrow::Status CheckOneCommit(const engine::Connection& connection, const Order& order) {
  const catalog::StreamPolicy& policy = order.stream.policy;
  if (policy.commit_rows || policy.commit_interval) {
    return MakeError(ErrorKind::kInvalidArgument,
                     "a put with a key is one commit, so commit_rows and "
                     "commit_interval cannot be used with it; leave them out, or send "
                     "several puts, each with a key of its own");
  }
  if (!connection.InTransaction()) return arrow::Status::OK();
  return MakeError(ErrorKind::kInvalidArgument,
                   "a put with a key cannot be part of a transaction, whose end decides "
                   "whether it was applied; leave the key out, or put outside of it");
}

// The key where it counts: in the table that the name means on this connection. Without
// the database's name, so that its file may be renamed.
arrow::Result<PutKey> KeyOf(engine::Connection& connection, const std::string& database,
                            const Order& order) {
  ARROW_ASSIGN_OR_RAISE(ResolvedName name, Resolve(connection, order));
  if (name.temporary) {
    return PutKey{.table = name.Text(), .key = order.key, .outlives = false};
  }
  if (base::LowerCase(name.table.catalog) != base::LowerCase(database)) {
    return MakeError(
        ErrorKind::kInvalidArgument, "the table ", engine::QuoteName(name.table),
        " is not in the server's own database, ", engine::QuoteName(database),
        ", and only puts into that can have a key; leave it out");
  }
  name.table.catalog.clear();
  return PutKey{.table = name.Text(), .key = order.key};
}

// Reads a put that was applied before to its end, as clients expect.
arrow::Result<Outcome> Repeated(const base::CallContext& call, const Order& order,
                                int64_t applied_rows, arrow::RecordBatchReader& batches) {
  int64_t rows = 0;
  while (true) {
    ARROW_RETURN_NOT_OK(call.CheckAlive());
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches.ReadNext(&batch));
    if (!batch) break;
    rows += batch->num_rows();
  }
  if (rows == applied_rows) return Outcome{.rows = rows, .repeated = true};
  return MakeError(
      ErrorKind::kInvalidArgument, "the key \"", order.key, "\" was used for a put of ",
      applied_rows, " rows, and this one has ", rows,
      "; a repeat has to be the same put, and another put needs another key");
}

}  // namespace

arrow::Result<Order> WritePath::OrderFor(const std::string& stream,
                                         const engine::TableName& table) const {
  Order order;
  order.stream = streams_.Find(stream.empty() ? Joined(table) : stream);
  if (!table.table.empty()) {
    order.table = table;
  } else if (order.stream.target) {
    order.table = *order.stream.target;
  } else {
    order.table.table = stream;
  }
  ARROW_RETURN_NOT_OK(CheckName(order.table));
  if (!order.stream.target) order.stream.target = order.table;
  return order;
}

arrow::Result<Outcome> WritePath::Ingest(
    const base::CallContext& call, Workplace workplace, const Order& order,
    std::shared_ptr<arrow::RecordBatchReader> batches, const OnCommit& on_commit) {
  arrow::Result<Outcome> outcome =
      order.key.empty()
          ? Run(call, workplace, order, std::move(batches), on_commit, nullptr)
          : RunOnce(call, workplace, order, std::move(batches), on_commit);
  if (!outcome.ok()) streams_.RecordFailure(order.stream, outcome.status().message());
  return outcome;
}

// What a put was not acknowledged for, its repeat is not either.
arrow::Status WritePath::AwaitSource(const base::CallContext& call, Workplace workplace,
                                     const Order& order) {
  const Outbox* const outbox = arrivals_ ? arrivals_->outbox() : nullptr;
  if (outbox == nullptr || !outbox->MaySend(order.table.table)) {
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const ResolvedName name, Resolve(workplace.connection, order));
  Shipper* const shipper = outbox->Find(NameInJournal(name.table));
  if (shipper == nullptr || !shipper->what().sync) return arrow::Status::OK();
  return shipper->AwaitSent(call, shipper->published(),
                            clock_.Now() + options_.lock_timeout);
}

arrow::Result<Outcome> WritePath::RunOnce(
    const base::CallContext& call, Workplace workplace, const Order& order,
    std::shared_ptr<arrow::RecordBatchReader> batches, const OnCommit& on_commit) {
  if (repeats_ == nullptr) {
    return MakeError(ErrorKind::kUnimplemented,
                     "puts with a key are not taken here; send this one without");
  }
  ARROW_RETURN_NOT_OK(CheckOneCommit(workplace.connection, order));
  ARROW_ASSIGN_OR_RAISE(const PutKey key,
                        KeyOf(workplace.connection, repeats_->database(), order));
  ARROW_ASSIGN_OR_RAISE(Repeats::Entry entry,
                        repeats_->Enter(call, key, clock_.Now() + options_.lock_timeout));
  if (entry.applied_rows) {
    ARROW_RETURN_NOT_OK(AwaitSource(call, workplace, order));
    return Repeated(call, order, *entry.applied_rows, *batches);
  }
  auto outcome = Run(call, workplace, order, std::move(batches), on_commit, &entry.claim);
  if (entry.claim.is_written_down()) repeats_->Tidy();
  return outcome;
}

arrow::Result<Outcome> WritePath::Run(const base::CallContext& call, Workplace workplace,
                                      const Order& order,
                                      std::shared_ptr<arrow::RecordBatchReader> batches,
                                      const OnCommit& on_commit, Repeats::Claim* claim) {
  Ingestion ingestion({.call = call,
                       .workplace = workplace,
                       .order = order,
                       .streams = streams_,
                       .clock = clock_,
                       .timers = timers_,
                       .gates = gates_,
                       .joined = joined_,
                       .lock_timeout = options_.lock_timeout,
                       .on_commit = on_commit,
                       .arrivals = arrivals_,
                       .claim = claim},
                      std::move(batches));
  return ingestion.Run();
}

}  // namespace pintail::ingest
