// A connection to DuckDB behind our interface. Private to the engine; threads as in
// connection.h.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "duckdb/main/connection.hpp"
#include "duckdb/main/database.hpp"
#include "engine/connection.h"
#include "engine/duck_statement.h"
#include "engine/source_guard.h"
#include "engine/tail_store.h"

namespace pintail::engine {

class DuckConnection final : public Connection {
 public:
  ~DuckConnection() override;
  static arrow::Result<std::unique_ptr<DuckConnection>> Make(
      duckdb::DatabaseInstance& database, std::shared_ptr<TailStore> tails,
      std::weak_ptr<SourceGuard> sources);

  arrow::Result<std::vector<std::unique_ptr<ParsedStatement>>> Parse(
      std::string_view sql) override;
  arrow::Result<std::unique_ptr<PreparedStatement>> Prepare(
      std::unique_ptr<ParsedStatement> statement) override;
  arrow::Result<std::unique_ptr<ResultStream>> Run(
      std::string_view sql, const ParameterRow& parameters,
      const ExecuteOptions& options) override;
  void Interrupt() override;
  arrow::Status Begin(bool for_changes) override;
  arrow::Status Commit() override;
  arrow::Status Rollback() override;
  bool InTransaction() const override;
  arrow::Result<SessionSettings> Settings() override;
  arrow::Result<std::unique_ptr<Connection>> Fork() override;
  arrow::Result<int64_t> Insert(
      const TableName& table, std::shared_ptr<arrow::RecordBatchReader> batches) override;
  arrow::Status CreateTable(const TableName& table, const arrow::Schema& schema,
                            bool temporary, bool or_replace, bool if_not_exists) override;
  arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const TableName& table) override;

  duckdb::ClientContext& context() { return *connection_.context; }
  duckdb::DatabaseInstance& database() { return database_; }

 private:
  DuckConnection(duckdb::DatabaseInstance& database, std::shared_ptr<TailStore> tails,
                 std::weak_ptr<SourceGuard> sources);

  // Of a text that DuckDB's parser refuses: statements of ours among others.
  arrow::Result<std::vector<std::unique_ptr<ParsedStatement>>> ParseOneByOne(
      std::string_view sql);

  duckdb::DatabaseInstance& database_;
  const std::shared_ptr<TailStore> tails_;
  const std::weak_ptr<SourceGuard> sources_;
  duckdb::Connection connection_;
};

}  // namespace pintail::engine
