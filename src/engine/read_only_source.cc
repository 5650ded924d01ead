#include "engine/read_only_source.h"

#include <utility>

#include "base/error.h"
#include "engine/query_text.h"
#include "engine/source_describe.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using Reader = std::shared_ptr<arrow::RecordBatchReader>;
using SchemaPtr = std::shared_ptr<arrow::Schema>;

class ReadOnlySession final : public SourceSession, public DescribesQueries {
 public:
  ReadOnlySession(std::shared_ptr<Source> source, std::unique_ptr<SourceSession> session)
      : source_(std::move(source)), session_(std::move(session)) {}

  arrow::Result<Reader> Query(const std::string& sql) override {
    ARROW_ASSIGN_OR_RAISE(const std::string query, ReadOf(sql));
    return session_->Query(query);
  }
  arrow::Result<SchemaPtr> Describe(const std::string& sql) override {
    ARROW_ASSIGN_OR_RAISE(const std::string query, ReadOf(sql));
    if (auto* describes = dynamic_cast<DescribesQueries*>(session_.get())) {
      return describes->Describe(query);
    }
    return base::MakeError(ErrorKind::kUnimplemented, "the source \"", source_->name(),
                           "\" tells columns with rows only");
  }
  arrow::Result<Reader> Scan(const SourceScan& scan) override {
    return session_->Scan(scan);
  }

  arrow::Result<int64_t> Execute(const std::string&) override { return Refusal(); }
  arrow::Result<int64_t> Insert(const SourceTableName&, Reader) override {
    return Refusal();
  }
  arrow::Result<int64_t> UpdateByKey(const SourceTableName&, Reader) override {
    return Refusal();
  }
  arrow::Result<int64_t> DeleteByKey(const SourceTableName&,
                                     std::shared_ptr<arrow::Array>) override {
    return Refusal();
  }
  arrow::Status CreateTable(const SourceTableName&, const arrow::Schema&, bool) override {
    return Refusal();
  }
  arrow::Status DropTable(const SourceTableName&, bool) override { return Refusal(); }

  arrow::Status Begin() override { return session_->Begin(); }
  arrow::Status Commit() override { return session_->Commit(); }
  arrow::Status Rollback() override { return session_->Rollback(); }
  void Cancel() override { session_->Cancel(); }

 private:
  arrow::Status Refusal(const char* taken = "it takes no changes") const {
    return base::MakeError(ErrorKind::kPermissionDenied, "the source \"", source_->name(),
                           "\" is read only: ", taken, "; ALTER SOURCE ", source_->name(),
                           " SET (read_only false), or the configuration, allows them");
  }
  arrow::Result<std::string> ReadOf(const std::string& sql) const {
    const std::string query = QueryIn(sql);
    if (query.empty()) {
      return Refusal(
          "it takes single statements that begin with SELECT, WITH or VALUES, and no "
          "changes");
    }
    return AsSubquery(query);
  }

  const std::shared_ptr<Source> source_;
  const std::unique_ptr<SourceSession> session_;
};

class ReadOnlySource final : public Source {
 public:
  explicit ReadOnlySource(std::shared_ptr<Source> source) : source_(std::move(source)) {}

  const std::string& name() const override { return source_->name(); }
  const std::string& type() const override { return source_->type(); }
  SourceCapabilities capabilities() const override { return source_->capabilities(); }
  std::string default_schema() const override { return source_->default_schema(); }
  arrow::Result<std::vector<std::string>> Schemas(std::stop_token stop) override {
    return source_->Schemas(std::move(stop));
  }
  arrow::Result<std::vector<std::string>> Tables(const std::string& schema,
                                                 std::stop_token stop) override {
    return source_->Tables(schema, std::move(stop));
  }
  arrow::Result<SchemaPtr> TableSchema(const SourceTableName& table,
                                       std::stop_token stop) override {
    return source_->TableSchema(table, std::move(stop));
  }
  arrow::Result<std::unique_ptr<SourceSession>> Lease(std::stop_token stop) override {
    ARROW_ASSIGN_OR_RAISE(auto session, source_->Lease(std::move(stop)));
    return std::make_unique<ReadOnlySession>(source_, std::move(session));
  }

 private:
  const std::shared_ptr<Source> source_;
};

}  // namespace

std::shared_ptr<Source> ReadOnly(std::shared_ptr<Source> source) {
  return std::make_shared<ReadOnlySource>(std::move(source));
}

}  // namespace pintail::engine
