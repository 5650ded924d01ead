// What one connection's transaction sees of the tails, and what of them it has taken for
// itself. Private to the engine; used by the connection's thread, read by DuckDB's while
// a query runs.
#pragma once

#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "arrow/status.h"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "engine/copy_plan.h"
#include "engine/tail_store.h"

namespace pintail::engine {

// How the tables of one plan stand to their tails.
struct TailNeeds {
  std::set<TailKey> without;  // scanned without a tail: they had none when it was planned
  std::set<TailKey> whole;    // all rows have to be in the table: it is changed, or asked
                              // for its row numbers
  std::set<TailKey> before;   // rows are inserted, which come after those in the tail
  DataStamp data;             // when it was planned
  CopyNeeds copies;
  bool once = false;  // the plan is right for one execution only
};

class TailSnapshot final : public duckdb::ClientContextState {
 public:
  explicit TailSnapshot(std::shared_ptr<TailStore> store) : store_(std::move(store)) {}

  static void Register(duckdb::ClientContext& context, std::shared_ptr<TailStore> store);
  // Null for a connection of the engine's own, which sees tables without their tails.
  static duckdb::shared_ptr<TailSnapshot> Of(duckdb::ClientContext& context);

  TailStore& store() { return *store_; }

  // Within a transaction; empty outside.
  TailView ViewOf(const TailKey& key) const;

  // What the next statement will see; outside a transaction, as far as is known.
  DataStamp Stamp() const;
  // While it lives, something is being changed on this connection.
  class Change;

  // What the last plan made on this connection needs.
  void SetPlanned(TailNeeds needs) { planned_ = std::move(needs); }
  const TailNeeds& planned() const { return planned_; }
  // While it lives, a plan with these needs is being executed. Unless `tolerant`, a plan
  // that is made in this time and needs a table whole whose tail is not empty fails, and
  // the table is wanted.
  class Execution;
  Execution Execute(const TailNeeds& needs, bool tolerant);
  bool IsWanted(const TailKey& key);
  std::set<TailKey> TakeWanted() { return std::exchange(wanted_, {}); }

  // Whether the plan may leave out rows that are there now.
  bool IsStale(const TailNeeds& needs) const;

  // Tables of that name with a tail that the transaction sees, or that others see now;
  // all when it is empty.
  std::set<TailKey> SeenNamed(const std::string& table) const;

  // Within a transaction of the user: puts the rows of these tables that the transaction
  // sees in tails into the tables, as part of it. Conflict when they were moved
  // meanwhile.
  arrow::Status Absorb(duckdb::ClientContext& context, const std::set<TailKey>& keys);
  // Writes the put down, as part of the transaction.
  arrow::Status WritePut(duckdb::ClientContext& context, const AppliedPut& put);
  // Conflict when rows of these tables have arrived since the transaction began.
  arrow::Status CheckAllAbsorbed(const std::set<TailKey>& keys) const;
  // While the transaction is open, and for a while at most, what it sees in tails stays
  // there, so that it may change those tables later.
  void Pin();
  // Whether what is planned now is the server's own doing, as part of a transaction of
  // someone else.
  bool is_ours() const { return ours_ || acting_ > 0; }
  // Whether it is about data that clients see already, in another place: rows that are
  // put from a tail into their table, copies of sources' tables.
  bool is_housekeeping() const { return ours_; }
  // One more, or one less, has asked for Tails::ActAsServer.
  void Act(int by) { acting_ += by; }
  // From now on everything on this connection is the server's own doing.
  void SetOurs() { ours_ = true; }

  // The copies of sources' tables as the transaction sees them; outside, as they are now.
  std::shared_ptr<const CopyMap> Copies() const;
  // Whether the copy's rows may stand in for the source's in this transaction.
  bool MayUse(const CopyState& copy) const;
  // The transaction is about to change these tables of sources; of other changes it is
  // not known what they do to sources. The ends are noted by themselves.
  arrow::Status BeginWrites(const TableNames& sources);
  // Keeps it until the transaction ends.
  void KeepToEnd(std::shared_ptr<void> hold) { holds_.push_back(std::move(hold)); }
  // To be held around the end of a transaction, whichever it is.
  std::unique_lock<std::shared_mutex> LockForEnd();

  void TransactionBegin(duckdb::MetaTransaction& transaction,
                        duckdb::ClientContext& context) override;
  void TransactionCommit(duckdb::MetaTransaction& transaction,
                         duckdb::ClientContext& context) override;
  void TransactionRollback(duckdb::MetaTransaction& transaction,
                           duckdb::ClientContext& context,
                           duckdb::optional_ptr<duckdb::ErrorData> error) override;
  bool CanRequestRebind() override { return true; }
  duckdb::RebindQueryInfo OnExecutePrepared(duckdb::ClientContext& context,
                                            duckdb::PreparedStatementCallbackInfo& info,
                                            duckdb::RebindQueryInfo current) override;
  duckdb::RebindQueryInfo OnRebindPreparedStatement(
      duckdb::ClientContext& context, duckdb::BindPreparedStatementCallbackInfo& info,
      duckdb::RebindQueryInfo current) override;

 private:
  bool IsSettled() const;
  void Forget();
  void EndWrites(bool committed);

  const std::shared_ptr<TailStore> store_;
  std::shared_ptr<const TailMap> seen_;
  std::shared_ptr<const CopyMap> copies_;
  base::Clock::Steady begun_;
  duckdb::optional_ptr<duckdb::MetaTransaction> transaction_;  // null: none is open
  TableNames writing_;                                         // tables of sources
  bool writes_something_ = false;
  DataStamp stamp_;  // of the transaction that is open
  bool ours_ = false;
  int acting_ = 0;         // how many have asked for ActAsServer
  bool changing_ = false;  // in this transaction, or the one that is about to begin
  std::map<TailKey, TailView> absorbed_;
  std::vector<std::shared_ptr<void>> holds_;
  TailNeeds planned_;
  const TailNeeds* executing_ = nullptr;
  bool tolerant_ = false;
  std::set<TailKey> wanted_;
};

class TailSnapshot::Change {
 public:
  explicit Change(duckdb::ClientContext& context);
  ~Change();
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  const duckdb::shared_ptr<TailSnapshot> snapshot_;
};

class TailSnapshot::Execution {
 public:
  explicit Execution(TailSnapshot& snapshot) : snapshot_(snapshot) {}
  ~Execution() { snapshot_.executing_ = nullptr; }
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

 private:
  TailSnapshot& snapshot_;
};

}  // namespace pintail::engine
