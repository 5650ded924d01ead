// A session of a Redis source: see engine/source.h for what it promises. Rows are found
// by key or by reading everything; there is no SQL and there are no transactions.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "backend/redis/redis_channel.h"
#include "backend/redis/redis_table.h"
#include "engine/source.h"

namespace pintail::backend {

inline constexpr const char* kRedisSchema = "main";

class RedisSession final : public engine::SourceSession {
 public:
  RedisSession(std::shared_ptr<RedisGround> ground, Lease lease);

  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Query(
      const std::string& sql) override;
  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(
      const engine::SourceScan& scan) override;
  arrow::Result<int64_t> Execute(const std::string& sql) override;
  // A row whose key is there already is replaced.
  arrow::Result<int64_t> Insert(const engine::SourceTableName& table,
                                std::shared_ptr<arrow::RecordBatchReader> rows) override;
  arrow::Result<int64_t> UpdateByKey(
      const engine::SourceTableName& table,
      std::shared_ptr<arrow::RecordBatchReader> rows) override;
  arrow::Result<int64_t> DeleteByKey(const engine::SourceTableName& table,
                                     std::shared_ptr<arrow::Array> keys) override;
  arrow::Status CreateTable(const engine::SourceTableName& table,
                            const arrow::Schema& schema, bool if_not_exists) override;
  arrow::Status DropTable(const engine::SourceTableName& table, bool if_exists) override;
  arrow::Status Begin() override;
  arrow::Status Commit() override;
  arrow::Status Rollback() override;
  void Cancel() override { stop_.request_stop(); }

  arrow::Result<std::vector<std::string>> Tables();
  // NotFound when there is no such table.
  arrow::Result<RedisTable> Table(const engine::SourceTableName& table);

 private:
  arrow::Status Blamed(const arrow::Status& status) const;
  arrow::Status NoSql(const char* what) const;
  arrow::Result<std::string> TableBytes(const engine::SourceTableName& table);
  arrow::Result<int64_t> Write(const RedisTable& table, const arrow::RecordBatch& batch);
  arrow::Result<int64_t> Update(const RedisTable& table, const arrow::RecordBatch& batch);

  const std::shared_ptr<RedisGround> ground_;
  std::stop_source stop_;
  std::shared_ptr<RedisChannel> channel_;
};

}  // namespace pintail::backend
