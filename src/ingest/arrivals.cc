#include "ingest/arrivals.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "columnar/batch_bytes.h"
#include "engine/names.h"
#include "ingest/outbox.h"
#include "ingest/repeats.h"

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

arrow::Result<bool> Arrivals::Room::Grow(const base::CallContext& call,
                                         Arrivals& arrivals, const std::string& table,
                                         int64_t bytes, int64_t more) {
  const Options& options = arrivals.options_;
  int64_t most = std::min(options.max_commit_bytes, options.max_bytes);
  {
    const std::lock_guard lock(arrivals.mutex_);
    if (arrivals.large_.contains(table)) most = std::min(most, kMostOfLarge);
  }
  if (bytes_ + bytes + more > most) return false;
  ARROW_ASSIGN_OR_RAISE(const bool has_room, arrivals.AwaitRoom(call, bytes_ + bytes));
  if (!has_room) return false;
  // What others have gathered gets less by no waiting of ours.
  const int64_t gathered = arrivals.gathered_ += bytes;
  if (gathered + arrivals.tails_.bytes() > options.max_bytes) {
    arrivals.gathered_ -= bytes;
    return false;
  }
  arrivals_ = &arrivals;
  bytes_ += bytes;
  return true;
}

void Arrivals::WentStraight(const std::string& table, int64_t bytes) {
  if (bytes <= options_.max_commit_bytes) return;
  const std::lock_guard lock(mutex_);
  if (large_.size() < kMaxLarge) large_.insert(table);
}

Arrivals::Place Arrivals::PlaceFor(engine::Connection& connection,
                                   const engine::TableName& table,
                                   const arrow::Schema& schema, Target& target) {
  if (target) return Place::kTail;
  const auto found = tails_.TargetFor(connection, table, schema);
  if (base::KindOf(found.status()) == base::ErrorKind::kNotFound) {
    const bool is_ours = table.catalog.empty() || table.catalog == tails_.database();
    return is_ours ? Place::kNoTable : Place::kTable;
  }
  if (found.ok()) target = *found;
  return target ? Place::kTail : Place::kTable;
}

void Arrivals::Moved() {
  {
    // So that nobody is between looking at the tails and falling asleep.
    const std::lock_guard lock(mutex_);
  }
  moved_.notify_all();
}

arrow::Result<bool> Arrivals::AwaitRoom(const base::CallContext& call, int64_t bytes) {
  const auto has_room = [&] { return tails_.bytes() + bytes <= options_.max_bytes; };
  if (has_room()) return true;
  mover_.MakeRoom();
  base::Clock::Steady until = clock_.Now() + options_.lock_timeout;
  const bool fails = call.deadline() && *call.deadline() < until;
  if (fails) until = *call.deadline();
  // Ends after the lock: its end waits for its callback, which takes the lock.
  const auto alarm = timers_.At(until, [this] { Moved(); });
  std::unique_lock lock(mutex_);
  moved_.wait(lock, call.stop_token(),
              [&] { return has_room() || clock_.Now() >= until; });
  if (!fails || has_room() || clock_.Now() < until) {
    ARROW_RETURN_NOT_OK(call.CheckAlive());
    return has_room();
  }
  return base::MakeError(
      base::ErrorKind::kResourceExhausted, tails_.bytes(),
      " bytes of rows wait for their tables, of ", options_.max_bytes,
      " that ingest.tail_size allows, and no room for ", bytes,
      " more came before the call's deadline; nothing of this commit was applied, so "
      "send it again");
}

void Arrivals::Room::Clear() {
  if (arrivals_ != nullptr) arrivals_->gathered_ -= std::exchange(bytes_, 0);
}

arrow::Result<std::optional<journal::Position>> Arrivals::Commit(
    const base::CallContext& call, engine::Connection& connection,
    const engine::TableName& table, const arrow::RecordBatchVector& batches,
    catalog::Durability durability, Target& target,
    std::shared_ptr<const engine::AppliedPut> put) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto& schema = *batches.front()->schema();
    if (PlaceFor(connection, table, schema, target) != Place::kTail) return std::nullopt;
    auto rows = tails_.Conform(*target, batches);
    if (!rows.ok()) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const auto pass, tails_.Enter(*target, options_.lock_timeout));
    if (!pass) {
      target = nullptr;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const journal::Position position,
                          Publish(call, target, *std::move(rows), durability, put));
    {
      const std::lock_guard lock(mutex_);
      large_.erase(table.table);
    }
    int64_t arrived = 0;
    for (const auto& batch : batches) arrived += batch->num_rows();
    mover_.Arrived(arrived);
    return position;
  }
  return std::nullopt;
}

arrow::Result<journal::Position> Arrivals::Publish(
    const base::CallContext& call, const Target& target, arrow::RecordBatchVector rows,
    catalog::Durability durability, std::shared_ptr<const engine::AppliedPut> put) {
  if (rows.empty()) return 0;
  if (journal_ == nullptr) {
    tails_.Add(*target, rows, /*position=*/0, /*put=*/nullptr);
    return 0;
  }
  journal::Record record;
  record.table = NameInJournal(tails_.TableOf(*target));
  if (put) record.producer_key = KeyInJournal(*put);
  record.schema = rows.front()->schema();
  record.batches = rows;
  Shipper* const shipper = outbox_ ? outbox_->Find(record.table) : nullptr;
  int64_t row_count = 0;
  int64_t bytes = 0;
  if (shipper != nullptr) {
    // What is sent on has to be synced before.
    if (durability == catalog::Durability::kNone) {
      durability = catalog::Durability::kInterval;
    }
    for (const auto& batch : rows) {
      row_count += batch->num_rows();
      bytes += columnar::BytesOf(*batch);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const journal::Position appended,
                        journal_->Append(call, std::move(record), InJournal(durability),
                                         [&](journal::Position position) {
                                           tails_.Add(*target, rows, position, put);
                                           if (shipper)
                                             shipper->Published(position, row_count,
                                                                bytes);
                                           mover_.Published(position);
                                         }));
  if (shipper != nullptr) shipper->Nudge();
  return appended;
}

}  // namespace pintail::ingest
