#include "engine/tail_snapshot.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/valid_checker.hpp"
#include "engine/applied_puts.h"
#include "engine/error_translation.h"
#include "engine/tail_move.h"

namespace pintail::engine {
namespace {

constexpr const char* kStateName = "pintail_tails";

// True for as long as it lives.
class OurDoing {
 public:
  explicit OurDoing(bool& flag) : flag_(flag) { flag_ = true; }
  ~OurDoing() { flag_ = false; }
  OurDoing(const OurDoing&) = delete;
  OurDoing& operator=(const OurDoing&) = delete;

 private:
  bool& flag_;
};

}  // namespace

void TailSnapshot::Register(duckdb::ClientContext& context,
                            std::shared_ptr<TailStore> store) {
  context.registered_state->GetOrCreate<TailSnapshot>(kStateName, std::move(store));
}

duckdb::shared_ptr<TailSnapshot> TailSnapshot::Of(duckdb::ClientContext& context) {
  return context.registered_state->Get<TailSnapshot>(kStateName);
}

TailView TailSnapshot::ViewOf(const TailKey& key) const {
  if (!seen_ || absorbed_.contains(key)) return {};
  const auto found = seen_->find(key);
  return found == seen_->end() ? TailView{} : found->second;
}

DataStamp TailSnapshot::Stamp() const {
  if (seen_) return stamp_;
  auto& version = store_->data_version();
  return {.changes = version.changes(), .settled = IsSettled()};
}

bool TailSnapshot::IsStale(const TailNeeds& needs) const {
  if (needs.once || !Stamp().Allows(needs.data)) return true;
  if (needs.copies.concerned) {
    if (Copies()->version != needs.copies.version) return true;
    const auto at = seen_ ? begun_ : store_->copies().clock().Now();
    if (needs.copies.until && *needs.copies.until < at) return true;
  }
  const auto now = seen_ ? seen_ : store_->Now();
  return std::ranges::any_of(needs.without, [&](const TailKey& key) {
    return now->contains(key) && !absorbed_.contains(key);
  });
}

std::shared_ptr<const CopyMap> TailSnapshot::Copies() const {
  return copies_ ? copies_ : store_->copies().Now();
}

bool TailSnapshot::MayUse(const CopyState& copy) const {
  if (!copy.declaration.whole || !copy.is_true()) return false;
  auto transaction = transaction_;
  duckdb::optional_ptr<duckdb::AttachedDatabase> changed;
  if (transaction) changed = transaction->ModifiedDatabase();
  if (changed &&
      duckdb::StringUtil::CIEquals(changed->GetName(), copy.declaration.source.catalog)) {
    return false;
  }
  const auto now = seen_ ? begun_ : store_->copies().clock().Now();
  return !copy.declaration.max_staleness ||
         now - copy.as_of <= *copy.declaration.max_staleness;
}

arrow::Status TailSnapshot::BeginWrites(const TableNames& sources) {
  if (sources.empty()) {
    writes_something_ = true;
    return arrow::Status::OK();
  }
  TableNames added;
  for (const TableName& source : sources) {
    if (!writing_.contains(source)) added.insert(source);
  }
  ARROW_RETURN_NOT_OK(store_->copies().BeginWrites(added));
  writing_.merge(added);
  return arrow::Status::OK();
}

bool TailSnapshot::IsSettled() const {
  return store_->data_version().IsSettled(changing_ ? 1 : 0);
}

TailSnapshot::Change::Change(duckdb::ClientContext& context) : snapshot_(Of(context)) {
  if (std::exchange(snapshot_->changing_, true)) return;
  snapshot_->store_->data_version().BeginChange();
}

TailSnapshot::Change::~Change() {
  if (snapshot_->seen_) {
    ++snapshot_->stamp_.own_changes;
  } else {
    snapshot_->Forget();  // it failed before a transaction began
  }
}

std::set<TailKey> TailSnapshot::SeenNamed(const std::string& table) const {
  std::set<TailKey> keys = store_->KeysNamed(table);
  if (seen_) keys.merge(KeysNamedIn(*seen_, table));
  return keys;
}

arrow::Status TailSnapshot::Absorb(duckdb::ClientContext& context,
                                   const std::set<TailKey>& keys) {
  for (const TailKey& key : keys) {
    const TailView view = ViewOf(key);
    if (view.parts == 0) continue;
    ARROW_ASSIGN_OR_RAISE(const auto claimed,
                          store_->Claim(key, &view, view.rows, kClaimPatience));
    const Change change(context);
    const OurDoing ours(ours_);
    // Released with the transaction, whatever becomes of it.
    absorbed_[key] = *claimed;
    const arrow::Status inserted =
        Guarded([&] { return PutIntoTable(context, *store_, key, *claimed); });
    if (inserted.ok()) continue;
    // Some of the rows may be in the table already, and must not be committed.
    duckdb::ValidChecker::Invalidate(context.ActiveTransaction(), inserted.message());
    return inserted;
  }
  return arrow::Status::OK();
}

arrow::Status TailSnapshot::WritePut(duckdb::ClientContext& context,
                                     const AppliedPut& put) {
  const Change change(context);
  const OurDoing ours(ours_);
  return WriteAppliedPuts(context, store_->main_name(), {&put});
}

TailSnapshot::Execution TailSnapshot::Execute(const TailNeeds& needs, bool tolerant) {
  executing_ = &needs;
  tolerant_ = tolerant;
  wanted_.clear();
  return Execution(*this);
}

bool TailSnapshot::IsWanted(const TailKey& key) {
  if (!executing_ || tolerant_ || ViewOf(key).parts == 0) return false;
  wanted_.insert(key);
  return true;
}

arrow::Status TailSnapshot::CheckAllAbsorbed(const std::set<TailKey>& keys) const {
  const auto now = store_->Now();
  for (const TailKey& key : keys) {
    const auto tail = now->find(key);
    if (tail == now->end()) continue;
    const auto absorbed = absorbed_.find(key);
    if (absorbed != absorbed_.end() && absorbed->second.parts == tail->second.parts) {
      continue;
    }
    return base::MakeError(
        base::ErrorKind::kConflict, "rows of the table \"", key.table,
        "\" have arrived since this transaction began, so it cannot change what the "
        "table is; roll back and try again");
  }
  return arrow::Status::OK();
}

void TailSnapshot::Pin() {
  if (seen_ && !seen_->empty()) KeepToEnd(store_->Pin(seen_));
}

std::unique_lock<std::shared_mutex> TailSnapshot::LockForEnd() {
  return absorbed_.empty() ? std::unique_lock<std::shared_mutex>()
                           : store_->LockHandover();
}

void TailSnapshot::TransactionBegin(duckdb::MetaTransaction& transaction,
                                    duckdb::ClientContext&) {
  // Counted before the transaction begins: a change that is not counted by then may be
  // seen, and then has not ended or makes the count another one.
  stamp_ = {.changes = store_->data_version().changes(),
            .transaction = transaction.global_transaction_id};
  try {
    auto captured = store_->Capture(transaction);
    seen_ = std::move(captured.tails);
    copies_ = std::move(captured.copies);
    begun_ = store_->copies().clock().Now();
    transaction_ = transaction;
  } catch (const std::exception&) {
    // The database cannot be used any more. Whatever the transaction does next says so;
    // thrown here it would leave a transaction that nobody ends.
    seen_ = nullptr;
  }
  // In this order: a change that is seen has either not ended yet, or been counted.
  stamp_.settled = IsSettled() && store_->data_version().changes() == stamp_.changes;
}

void TailSnapshot::TransactionCommit(duckdb::MetaTransaction& transaction,
                                     duckdb::ClientContext&) {
  const auto changed = transaction.ModifiedDatabase();
  if (writes_something_ && changed && !changed->IsTemporary() &&
      changed->GetName() != store_->main_name()) {
    store_->copies().ChangedSomething(changed->GetName());
  }
  EndWrites(/*committed=*/true);
  for (const auto& [key, moved] : absorbed_) store_->Cut(key, moved);
  Forget();
}

void TailSnapshot::TransactionRollback(duckdb::MetaTransaction&, duckdb::ClientContext&,
                                       duckdb::optional_ptr<duckdb::ErrorData>) {
  for (const auto& [key, claimed] : absorbed_) store_->Release(key);
  Forget();
}

void TailSnapshot::EndWrites(bool committed) {
  if (!writing_.empty()) store_->copies().EndWrites(writing_, committed);
  writing_.clear();
  writes_something_ = false;
}

void TailSnapshot::Forget() {
  EndWrites(/*committed=*/false);
  seen_ = nullptr;
  copies_ = nullptr;
  transaction_ = nullptr;
  absorbed_.clear();
  holds_.clear();
  stamp_ = {};
  if (std::exchange(changing_, false)) store_->data_version().EndChange();
}

duckdb::RebindQueryInfo TailSnapshot::OnExecutePrepared(
    duckdb::ClientContext&, duckdb::PreparedStatementCallbackInfo&,
    duckdb::RebindQueryInfo) {
  const bool stale = executing_ && IsStale(*executing_);
  return stale ? duckdb::RebindQueryInfo::ATTEMPT_TO_REBIND
               : duckdb::RebindQueryInfo::DO_NOT_REBIND;
}

// Of SQL's EXECUTE: DuckDB keeps its plan, and what that leaves out is not known here.
duckdb::RebindQueryInfo TailSnapshot::OnRebindPreparedStatement(
    duckdb::ClientContext&, duckdb::BindPreparedStatementCallbackInfo&,
    duckdb::RebindQueryInfo) {
  return duckdb::RebindQueryInfo::ATTEMPT_TO_REBIND;
}

}  // namespace pintail::engine
