// A source whose database is another DuckDB in memory, that counts what is asked of it,
// and fails and blocks when it is told to. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/database.h"
#include "engine/source.h"

namespace pintail::engine::testing {

class FakeSource final : public Source, public std::enable_shared_from_this<FakeSource> {
 public:
  explicit FakeSource(std::string name, SourceCapabilities capabilities = DuckDb());
  ~FakeSource() override;

  static SourceCapabilities DuckDb();
  // Rows are found by their first column only.
  static SourceCapabilities KeyValue();

  // Statements at the source itself.
  Connection& direct() { return *direct_; }

  const std::string& name() const override { return name_; }
  const std::string& type() const override { return type_; }
  SourceCapabilities capabilities() const override { return capabilities_; }
  std::string default_schema() const override { return "main"; }
  arrow::Result<std::vector<std::string>> Schemas(std::stop_token stop) override;
  arrow::Result<std::vector<std::string>> Tables(const std::string& schema,
                                                 std::stop_token stop) override;
  arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const SourceTableName& table, std::stop_token stop) override;
  arrow::Result<std::unique_ptr<SourceSession>> Lease(std::stop_token stop) override;

  // Everything fails with it from now on, until it is OK.
  void FailWith(arrow::Status status);
  // Readers wait before their first batch, until they are cancelled or let go.
  void Block();
  void Unblock();
  // Waits until a reader waits.
  void WaitUntilBlocked();

  std::vector<SourceScan> TakeScans();
  std::vector<std::string> TakeStatements();
  // Of Query.
  std::vector<std::string> TakeQueries();

  std::atomic<int> leases = 0;
  std::atomic<int> open_sessions = 0;
  std::atomic<int> schema_calls = 0;
  std::atomic<int> list_calls = 0;
  std::atomic<int> begins = 0;
  std::atomic<int> commits = 0;
  std::atomic<int> rollbacks = 0;
  std::atomic<int> cancels = 0;

 private:
  class Session;
  class Reader;

  arrow::Status Failure();
  // Unavailable, Cancelled or OK, once there is nothing to wait for.
  arrow::Status Pass(const std::atomic<bool>& cancelled);
  void Wake();

  const std::string name_;
  const std::string type_ = "fake";
  const SourceCapabilities capabilities_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<Connection> direct_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_.
  arrow::Status failure_;
  bool blocked_ = false;
  int waiting_ = 0;
  std::vector<SourceScan> scans_;
  std::vector<std::string> statements_;
  std::vector<std::string> queries_;
};

}  // namespace pintail::engine::testing
