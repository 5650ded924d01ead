// What a DuckDB transaction has open in one source. Private to the engine.
//
// Made when a transaction of DuckDB first looks at the source, which costs nothing. A
// session of the source is taken, and its transaction begun, when a change is made, when
// several scans have to see one snapshot, and for any scan of a transaction that the user
// began. A single scan of a statement of its own has a session of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry.hpp"
#include "duckdb/transaction/transaction.hpp"
#include "duckdb/transaction/transaction_manager.hpp"
#include "engine/source.h"
#include "engine/source_tables.h"

namespace pintail::engine {

class SourceCatalog;
class SourceTableEntry;

class SourceTransaction final : public duckdb::Transaction,
                                public std::enable_shared_from_this<SourceTransaction> {
 public:
  SourceTransaction(duckdb::TransactionManager& manager, duckdb::ClientContext& context,
                    std::shared_ptr<Source> source, std::shared_ptr<SourceTables> tables);

  // The one that the context's transaction has in the catalog, a SourceCatalog.
  static SourceTransaction& Of(duckdb::ClientContext& context, duckdb::Catalog& catalog);

  // Runs `use` with the transaction's session and nobody else. `stop` makes what runs in
  // the session end with Cancelled, and the transaction fail. From any thread.
  using Use = std::function<arrow::Status(SourceSession& session)>;
  arrow::Status WithSession(std::stop_token stop, const Use& use);

  // What was looked up lives as long as the transaction.
  void Keep(std::shared_ptr<SourceTableEntry> entry);
  // A table that this transaction has made (or, null, removed): others see it later.
  void SetOwn(const SourceTableName& name, std::shared_ptr<const KnownTable> table);
  // Nothing when this transaction has not touched it.
  std::optional<std::shared_ptr<const KnownTable>> Own(const SourceTableName& name);

  arrow::Status Commit();
  void Rollback();

 private:
  const std::shared_ptr<Source> source_;
  const std::shared_ptr<SourceTables> tables_;
  std::mutex session_mutex_;
  // Protected by session_mutex_.
  std::unique_ptr<SourceSession> session_;
  bool begun_ = false;
  bool ended_ = false;
  std::mutex mutex_;
  // Protected by mutex_.
  std::vector<std::shared_ptr<SourceTableEntry>> kept_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const KnownTable>> own_;
};

// Runs `use` in the transaction's session, or without a transaction in one of its own,
// whose use has to look at `stop` itself.
arrow::Status InSession(Source& source, SourceTransaction* transaction,
                        std::stop_token stop, const SourceTransaction::Use& use);

class SourceTransactions final : public duckdb::TransactionManager {
 public:
  SourceTransactions(duckdb::AttachedDatabase& database, SourceCatalog& catalog);

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& context) override;
  duckdb::ErrorData CommitTransaction(duckdb::ClientContext& context,
                                      duckdb::Transaction& transaction) override;
  void RollbackTransaction(duckdb::Transaction& transaction) override;
  void Checkpoint(duckdb::ClientContext& context, bool force) override;

 private:
  std::shared_ptr<SourceTransaction> Take(duckdb::Transaction& transaction);

  SourceCatalog& catalog_;
  std::mutex mutex_;
  // Protected by mutex_.
  // Threads that read or write may have one a moment longer.
  std::map<duckdb::Transaction*, std::shared_ptr<SourceTransaction>> open_;
};

}  // namespace pintail::engine
