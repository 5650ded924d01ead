#include "engine/tail_store.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "columnar/batch_bytes.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/database_manager.hpp"
#include "engine/duck_connection.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {

using base::ErrorKind;
using base::MakeError;

namespace {

// How long a transaction that may still change a table keeps its tail from being moved.
constexpr std::chrono::seconds kPinned{5};

class Pass final : public TailPass {
 public:
  explicit Pass(std::shared_ptr<void> entered) : entered_(std::move(entered)) {}

 private:
  const std::shared_ptr<void> entered_;
};

}  // namespace

void TailStore::Attach(duckdb::DatabaseInstance& database) {
  for (auto& each : database.GetDatabaseManager().GetDatabases()) {
    if (each->IsInitialDatabase()) main_ = each;
  }
  database_ = &database;
}

std::optional<TailKey> TailStore::KeyOf(const duckdb::TableCatalogEntry& table) const {
  auto& entry = const_cast<duckdb::TableCatalogEntry&>(table);
  if (&entry.ParentCatalog().GetAttached() != main_.get()) return std::nullopt;
  return TailKey{.schema = entry.ParentSchema().name, .table = table.name};
}

TailStore::Captured TailStore::Capture(duckdb::MetaTransaction& transaction) {
  const std::shared_lock handover(handover_);
  transaction.GetTransaction(*main_);
  return {.tails = Now(), .copies = copies_.Now()};
}

std::shared_ptr<const TailMap> TailStore::Now() const {
  const std::lock_guard lock(mutex_);
  return tails_;
}

arrow::Result<std::unique_ptr<TailPass>> TailStore::Enter(
    const TailTarget& target, std::chrono::milliseconds timeout) {
  ARROW_ASSIGN_OR_RAISE(auto pass, gates_->Enter(base::LowerCase(target.key.table),
                                                 target.version, timeout));
  if (!pass) return nullptr;
  return std::make_unique<Pass>(std::move(pass));
}

void TailStore::Add(const TailTarget& target, const arrow::RecordBatchVector& batches,
                    uint64_t position, std::shared_ptr<const AppliedPut> put) {
  std::shared_ptr<TailPart> first;
  std::shared_ptr<TailPart> last;
  TailView added;
  for (const auto& batch : batches) {
    auto part = std::make_shared<TailPart>();
    part->batch = batch;
    part->input = target.input;
    part->bytes = columnar::BytesOf(*batch);
    part->position = position;
    part->put = std::exchange(put, nullptr);  // with the first, as all are moved together
    part->arrived = clock_.Now();
    added.rows += batch->num_rows();
    added.bytes += part->bytes;
    ++added.parts;
    if (last) {
      last->next = part;
    } else {
      first = part;
    }
    last = std::move(part);
  }
  if (added.parts == 0) return;
  Append(target.key, first, std::move(last), added);
  listener_->Tell({.tables = {TableOf(target)}});
}

void TailStore::Append(const TailKey& key, const std::shared_ptr<TailPart>& first,
                       std::shared_ptr<TailPart> last, const TailView& added) {
  const std::lock_guard lock(mutex_);
  auto tails = std::make_shared<TailMap>(*tails_);
  TailView& view = (*tails)[key];
  if (view.first) {
    view.last->next = first;
  } else {
    view.first = first;
  }
  view.last = std::move(last);
  view.parts += added.parts;
  view.rows += added.rows;
  view.bytes += added.bytes;
  bytes_ += added.bytes;
  tails_ = std::move(tails);
}

arrow::Result<std::optional<TailView>> TailStore::Claim(
    const TailKey& key, const TailView* view, int64_t rows,
    std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return !claimed_.contains(key); })) {
    if (patience == std::chrono::milliseconds(0)) return std::nullopt;
    return MakeError(ErrorKind::kConflict, "another transaction is changing the table \"",
                     key.table, "\"; try again when it has ended");
  }
  const auto found = tails_->find(key);
  if (view && (found == tails_->end() || found->second.first != view->first)) {
    return MakeError(
        ErrorKind::kConflict, "rows of the table \"", key.table,
        "\" that had arrived when this transaction began were stored meanwhile, so it "
        "cannot change the table; roll back and try again");
  }
  if (found == tails_->end()) return std::nullopt;
  const TailView& all = view ? *view : found->second;
  TailView claimed{.first = all.first};
  std::shared_ptr<TailPart> part = all.first;
  // The parts of one arrival have one position, which is in the table or not.
  const auto is_cut_apart = [&] {
    return part->position != 0 && claimed.last &&
           part->position == claimed.last->position;
  };
  while (claimed.rows < rows || is_cut_apart()) {
    ++claimed.parts;
    claimed.rows += part->batch->num_rows();
    claimed.bytes += part->bytes;
    claimed.last = part;
    if (claimed.parts == all.parts) break;
    part = part->next;
  }
  claimed_.insert(key);
  return claimed;
}

void TailStore::Release(const TailKey& key) {
  const std::lock_guard lock(mutex_);
  claimed_.erase(key);
  changed_.notify_all();
}

void TailStore::Cut(const TailKey& key, const TailView& moved) {
  std::shared_ptr<const TailMap> before;
  const std::lock_guard lock(mutex_);
  auto tails = std::make_shared<TailMap>(*tails_);
  TailView& view = tails->at(key);
  if (view.parts == moved.parts) {
    tails->erase(key);
  } else {
    view.first = moved.last->next;
    view.parts -= moved.parts;
    view.rows -= moved.rows;
    view.bytes -= moved.bytes;
  }
  bytes_ -= moved.bytes;
  before = std::exchange(tails_, std::move(tails));
  claimed_.erase(key);
  changed_.notify_all();
}

std::set<TailKey> TailStore::KeysNamed(const std::string& table) const {
  return KeysNamedIn(*Now(), table);
}

std::vector<TailFigures> TailStore::figures() const {
  std::vector<TailFigures> all;
  for (const auto& [key, view] : *Now()) {
    all.push_back(
        {.table = {.catalog = main_->GetName(), .schema = key.schema, .table = key.table},
         .parts = view.parts,
         .rows = view.rows,
         .bytes = view.bytes,
         .oldest = view.first->arrived,
         .first_position = view.first->position});
  }
  return all;
}

std::shared_ptr<void> TailStore::Pin(std::shared_ptr<const TailMap> seen) {
  const std::lock_guard lock(mutex_);
  pinned_.push_back({std::move(seen), clock_.Now()});
  const auto place = std::prev(pinned_.end());
  return std::shared_ptr<void>(nullptr, [store = shared_from_this(), place](void*) {
    const std::lock_guard unpin(store->mutex_);
    store->pinned_.erase(place);
  });
}

bool TailStore::IsPinned(const TailKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto tail = tails_->find(key);
  if (tail == tails_->end()) return false;
  const auto now = clock_.Now();
  // Not for ever, if one transaction begins before the other ends.
  if (now - tail->second.first->arrived > 3 * kPinned) return false;
  return std::ranges::any_of(pinned_, [&](const Pinned& pin) {
    return now - pin.since < kPinned && pin.seen->contains(key);
  });
}

void TailStore::SetSentOn(std::vector<SentOnTable> tables) {
  const std::lock_guard lock(mutex_);
  sent_on_.clear();
  for (auto& each : tables) {
    sent_on_[{.schema = base::LowerCase(each.table.schema),
              .table = base::LowerCase(each.table.table)}] = std::move(each.target);
  }
}

std::optional<std::string> TailStore::SentOnTo(const std::string& schema,
                                               const std::string& table) const {
  const TailKey key{.schema = base::LowerCase(schema), .table = base::LowerCase(table)};
  const std::lock_guard lock(mutex_);
  const auto found = sent_on_.lower_bound(key);
  if (found == sent_on_.end() || found->first.schema != key.schema) return std::nullopt;
  if (!key.table.empty() && found->first.table != key.table) return std::nullopt;
  return found->second;
}

std::shared_ptr<void> TailStore::ActAsServer(Connection& connection) {
  auto& context = static_cast<DuckConnection&>(connection).context();
  const auto snapshot = TailSnapshot::Of(context);
  snapshot->Act(1);
  return {nullptr, [snapshot](void*) { snapshot->Act(-1); }};
}

std::shared_ptr<void> TailStore::Block(const std::string& table) {
  return gates_->Block(base::LowerCase(table));
}

arrow::Result<std::shared_ptr<void>> TailStore::Close(const std::string& table) {
  auto hold = Block(table);
  ARROW_RETURN_NOT_OK(Flush(KeysNamed(table)));
  return hold;
}

}  // namespace pintail::engine
