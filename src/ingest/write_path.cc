#include "ingest/write_path.h"

#include <utility>

#include "base/error.h"
#include "ingest/ingestion.h"

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
                       .arrivals = arrivals_},
                      std::move(batches));
  arrow::Result<Outcome> outcome = ingestion.Run();
  if (!outcome.ok()) streams_.RecordFailure(order.stream, outcome.status().message());
  return outcome;
}

}  // namespace pintail::ingest
