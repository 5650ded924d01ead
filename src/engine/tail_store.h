// The tails of a database, and who may move or change what. Private to the engine.
//
// Two locks. `handover` is held shared while a transaction begins in DuckDB and takes its
// view of the tails, and alone while a commit takes rows from a tail into the table: so
// each row is in exactly one of both for everybody. `mutex` guards the rest, for moments.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>

#include "arrow/result.h"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/transaction/meta_transaction.hpp"
#include "engine/change_listener.h"
#include "engine/copies.h"
#include "engine/data_version.h"
#include "engine/tail_gates.h"
#include "engine/tail_rows.h"
#include "engine/tails.h"

namespace pintail::engine {

struct TailTarget {
  TailKey key;
  std::shared_ptr<arrow::Schema> storable;  // of arriving batches, by their own order
  std::vector<int> order;                   // for each column of the table, the arriving
  std::shared_ptr<arrow::Schema> schema;    // storable, in the table's order
  std::vector<bool> not_null;               // by column of the table
  std::shared_ptr<const ArrowInput> input;
  uint64_t version = 0;  // of the gates when the target was made
};

// How long a statement that needs a whole table waits for whoever has claimed its tail.
inline constexpr std::chrono::milliseconds kClaimPatience{10'000};

class TailStore final : public Tails, public std::enable_shared_from_this<TailStore> {
 public:
  explicit TailStore(const base::Clock& clock) : clock_(clock), copies_(clock) {
    copies_.Attach(*this);
  }

  // To be called once, when the database is open.
  void Attach(duckdb::DatabaseInstance& database);

  // --- Tails
  arrow::Result<std::vector<TailPosition>> OpenPositions() override;
  arrow::Result<std::shared_ptr<const TailTarget>> TargetFor(
      Connection& connection, const TableName& table,
      const arrow::Schema& schema) override;
  arrow::Result<arrow::RecordBatchVector> Conform(
      const TailTarget& target, const arrow::RecordBatchVector& batches) const override;
  arrow::Result<std::unique_ptr<TailPass>> Enter(
      const TailTarget& target, std::chrono::milliseconds timeout) override;
  TableName TableOf(const TailTarget& target) const override {
    return {
        .catalog = main_name(), .schema = target.key.schema, .table = target.key.table};
  }
  arrow::Status Store(const std::string& table,
                      std::chrono::milliseconds patience) override {
    return Flush(KeysNamed(table), patience);
  }
  arrow::Result<std::shared_ptr<void>> Close(const std::string& table) override;
  int64_t bytes() const override { return bytes_; }
  void Add(const TailTarget& target, const arrow::RecordBatchVector& batches,
           uint64_t position, std::shared_ptr<const AppliedPut> put) override;
  arrow::Result<std::vector<AppliedPut>> OpenPuts(base::Clock::Wall since,
                                                  int64_t most) override;
  arrow::Status WritePut(Connection& connection, const AppliedPut& put) override;
  arrow::Status ForgetPuts(base::Clock::Wall before) override;
  const std::string& database() const override { return main_name(); }
  void SetSentOn(std::vector<SentOnTable> tables) override;
  std::shared_ptr<void> ActAsServer(Connection& connection) override;
  arrow::Result<int64_t> Move(const TableName& table, int64_t rows) override;
  std::vector<TailFigures> figures() const override;

  // --- For the transactions of the database

  // Where the rows of the table are sent on to, or those of any table of the schema when
  // `table` is empty; nothing when they are not.
  std::optional<std::string> SentOnTo(const std::string& schema,
                                      const std::string& table) const;

  struct Captured {
    std::shared_ptr<const TailMap> tails;
    std::shared_ptr<const CopyMap> copies;
  };
  // Begins the transaction in the server's database and takes the tails, and what is to
  // be known of copies, with it.
  Captured Capture(duckdb::MetaTransaction& transaction);
  std::shared_ptr<const TailMap> Now() const;

  // The key of a table of the server's own database, if it is one.
  std::optional<TailKey> KeyOf(const duckdb::TableCatalogEntry& table) const;

  // Takes the right to move the first `rows` rows (whole parts) of what `view` shows, or
  // without a view, of what there is; nobody else moves that tail until Cut or Release.
  // Null when there is nothing, or someone else has that right and there is no patience.
  // Conflict when what the view shows has been moved since, or someone else has that
  // right for longer than `patience`.
  arrow::Result<std::optional<TailView>> Claim(const TailKey& key, const TailView* view,
                                               int64_t rows,
                                               std::chrono::milliseconds patience);
  void Release(const TailKey& key);
  // The claimed rows are in the table. The caller holds the handover alone.
  void Cut(const TailKey& key, const TailView& moved);
  std::unique_lock<std::shared_mutex> LockHandover() {
    return std::unique_lock(handover_);
  }

  DataVersion& data_version() { return data_version_; }
  CopyTables& copies() { return copies_; }
  // Told of every change, in a tail or not.
  const std::shared_ptr<ChangeListener>& listener() const { return listener_; }
  const std::string& main_name() const { return main_->GetName(); }

  // Until what it returns is dropped, or for a while at most, rows of the map are moved
  // only by those who must.
  std::shared_ptr<void> Pin(std::shared_ptr<const TailMap> seen);

  // Moves everything that has arrived for these tables until now.
  arrow::Status Flush(const std::set<TailKey>& keys,
                      std::chrono::milliseconds patience = kClaimPatience);
  // Moves what is there before a transaction of the user begins, unless that would take
  // long or someone else has it.
  arrow::Status FlushIfFew();
  // Tables of that name in any schema; all there are when it is empty.
  std::set<TailKey> KeysNamed(const std::string& table) const;

  // Keeps batches from the tails of all tables of this name (of all tables when it is
  // empty) until what it returns is dropped, having waited for those on their way.
  std::shared_ptr<void> Block(const std::string& table);

 private:
  struct Pinned {
    std::shared_ptr<const TailMap> seen;
    base::Clock::Steady since;
  };
  // Puts a chain of parts at the end of a tail.
  void Append(const TailKey& key, const std::shared_ptr<TailPart>& first,
              std::shared_ptr<TailPart> last, const TailView& added);
  arrow::Result<int64_t> MoveClaimed(const TailKey& key, int64_t rows,
                                     std::chrono::milliseconds patience);
  bool IsPinned(const TailKey& key) const;

  const base::Clock& clock_;
  DataVersion data_version_;
  CopyTables copies_;
  const std::shared_ptr<ChangeListener> listener_ = std::make_shared<ChangeListener>();
  duckdb::DatabaseInstance* database_ = nullptr;
  duckdb::shared_ptr<duckdb::AttachedDatabase> main_;

  std::shared_mutex handover_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const TailMap> tails_ = std::make_shared<TailMap>();
  std::atomic<int64_t> bytes_ = 0;
  std::set<TailKey> claimed_;
  std::list<Pinned> pinned_;
  std::map<TailKey, std::string> sent_on_;  // names in lower case
  const std::shared_ptr<TailGates> gates_ = std::make_shared<TailGates>();
};

}  // namespace pintail::engine
