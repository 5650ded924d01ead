// A session of an ADBC source: see engine/source.h for what it promises.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "backend/adbc/channel.h"
#include "backend/adbc/result_reader.h"
#include "engine/source.h"
#include "engine/source_describe.h"

namespace pintail::backend {

class AdbcSession final : public engine::SourceSession, public engine::DescribesQueries {
 public:
  AdbcSession(std::shared_ptr<AdbcGround> ground, Lease lease);
  ~AdbcSession() override;

  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Query(
      const std::string& sql) override;
  arrow::Result<std::shared_ptr<arrow::Schema>> Describe(const std::string& sql) override;
  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(
      const engine::SourceScan& scan) override;
  arrow::Result<int64_t> Execute(const std::string& sql) override;
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

  // What metadata.h asks, with another try when the connection turns out to be broken.
  template <typename T>
  arrow::Result<T> Ask(
      const std::function<arrow::Result<T>(const std::shared_ptr<Channel>&)>& question) {
    EndReader();
    for (int tried = 1;; ++tried) {
      arrow::Result<T> answer = question(channel_);
      if (answer.ok()) return answer;
      ARROW_RETURN_NOT_OK(Renew(answer.status(), tried));
    }
  }

 private:
  using Reader = std::shared_ptr<ResultReader>;

  void EndReader();
  // A new connection after a failure that another try may mend; else the failure.
  arrow::Status Renew(const arrow::Status& failure, int tried);
  arrow::Result<Reader> RunQuery(const std::shared_ptr<Channel>& channel,
                                 const std::string& sql);
  arrow::Result<Reader> Start(const std::shared_ptr<Channel>& channel,
                              const std::string& sql, bool by_copy);
  arrow::Result<int64_t> Change(const std::string& sql);

  const std::shared_ptr<AdbcGround> ground_;
  std::stop_source stop_;
  std::shared_ptr<Channel> channel_;
  std::weak_ptr<ResultReader> reader_;
};

}  // namespace pintail::backend
