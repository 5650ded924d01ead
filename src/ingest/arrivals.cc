#include "ingest/arrivals.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "engine/names.h"

namespace pintail::ingest {
namespace {

// How often a table may get another definition while one commit is on its way.
constexpr int kMaxAttempts = 8;

// Of a commit to a table whose last one was too large; small ones are gathered still.
constexpr int64_t kMostOfLarge = int64_t{8} << 20;
constexpr size_t kMaxLarge = 10'000;

journal::Durability InJournal(catalog::Durability durability) {
  switch (durability) {
    case catalog::Durability::kSync:
      return journal::Durability::kSync;
    case catalog::Durability::kInterval:
      return journal::Durability::kInterval;
    case catalog::Durability::kNone:
      break;
  }
  return journal::Durability::kNone;
}

}  // namespace

// "schema"."table", each as SQL quotes it.
std::string NameInJournal(const engine::TableName& table) {
  return engine::QuoteName(
      engine::TableName{.schema = table.schema, .table = table.table});
}

arrow::Result<engine::TableName> ParseName(const std::string& name) {
  std::string_view rest = name;
  const auto schema = engine::TakeQuotedName(rest);
  if (schema && rest.starts_with('.')) {
    rest.remove_prefix(1);
    const auto table = engine::TakeQuotedName(rest);
    if (table && rest.empty()) {
      return engine::TableName{.schema = *schema, .table = *table};
    }
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, name,
                         " is not the name of a table as the journal writes it");
}

bool Arrivals::Room::Grow(Arrivals& arrivals, const std::string& table, int64_t bytes) {
  const Options& options = arrivals.options_;
  const int64_t all = arrivals.gathered_ + arrivals.tails_.bytes() + bytes;
  int64_t most = options.max_commit_bytes;
  {
    const std::lock_guard lock(arrivals.mutex_);
    if (arrivals.large_.contains(table)) most = std::min(most, kMostOfLarge);
  }
  if (bytes_ + bytes > most || all > options.max_bytes) return false;
  arrivals_ = &arrivals;
  arrivals.gathered_ += bytes;
  bytes_ += bytes;
  return true;
}

void Arrivals::WentStraight(const std::string& table, int64_t bytes) {
  if (bytes <= options_.max_commit_bytes) return;
  const std::lock_guard lock(mutex_);
  if (large_.size() < kMaxLarge) large_.insert(table);
}

bool Arrivals::MayWait(engine::Connection& connection, const engine::TableName& table,
                       const arrow::Schema& schema, Target& target) {
  if (target) return true;
  // A table that is not there is made with the first rows in it.
  const auto found = tails_.TargetFor(connection, table, schema);
  if (found.ok()) target = *found;
  return target != nullptr;
}

void Arrivals::Room::Clear() {
  if (arrivals_ != nullptr) arrivals_->gathered_ -= std::exchange(bytes_, 0);
}

arrow::Result<bool> Arrivals::Commit(const base::CallContext& call,
                                     engine::Connection& connection,
                                     const engine::TableName& table,
                                     const arrow::RecordBatchVector& batches,
                                     catalog::Durability durability, Target& target) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (!MayWait(connection, table, *batches.front()->schema(), target)) return false;
    auto rows = tails_.Conform(*target, batches);
    if (!rows.ok()) return false;
    ARROW_ASSIGN_OR_RAISE(const auto pass, tails_.Enter(*target, options_.lock_timeout));
    if (!pass) {
      target = nullptr;
      continue;
    }
    ARROW_RETURN_NOT_OK(Publish(call, target, *std::move(rows), durability));
    {
      const std::lock_guard lock(mutex_);
      large_.erase(table.table);
    }
    int64_t arrived = 0;
    for (const auto& batch : batches) arrived += batch->num_rows();
    mover_.Arrived(arrived);
    return true;
  }
  return false;
}

arrow::Status Arrivals::Publish(const base::CallContext& call, const Target& target,
                                arrow::RecordBatchVector rows,
                                catalog::Durability durability) {
  if (rows.empty()) return arrow::Status::OK();
  if (journal_ == nullptr) {
    tails_.Add(*target, rows, /*position=*/0);
    return arrow::Status::OK();
  }
  journal::Record record;
  record.table = NameInJournal(tails_.TableOf(*target));
  record.schema = rows.front()->schema();
  record.batches = rows;
  return journal_
      ->Append(call, std::move(record), InJournal(durability),
               [&](journal::Position position) {
                 tails_.Add(*target, rows, position);
                 mover_.Published(position);
               })
      .status();
}

}  // namespace pintail::ingest
