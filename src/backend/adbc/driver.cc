#include "backend/adbc/driver.h"

#include <filesystem>
#include <string_view>

#include "arrow-adbc/adbc_driver_manager.h"
#include "arrow/array.h"
#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "base/error.h"

namespace pintail::backend {

std::string FindDriver(const std::string& driver, const std::string& folder) {
  namespace fs = std::filesystem;
  if (folder.empty() || driver.find_first_of("/.") != std::string::npos) return driver;
  const std::string name = driver == "postgres" ? "postgresql" : driver;
  const fs::path library = fs::path(folder) / ("libadbc_driver_" + name + ".so");
  std::error_code ignored;
  return fs::exists(library, ignored) ? fs::absolute(library, ignored).string() : driver;
}

arrow::Result<std::shared_ptr<DriverDatabase>> DriverDatabase::Open(
    const DriverSettings& settings, std::shared_ptr<const Blame> blame) {
  std::shared_ptr<DriverDatabase> database(new DriverDatabase(std::move(blame)));
  const Blame& whose = *database->blame_;
  AdbcFailure failure;
  const auto set = [&](const char* key, const std::string& value) {
    return failure.Translate(
        AdbcDatabaseSetOption(&database->raw_, key, value.c_str(), failure.get()), whose);
  };
  ARROW_RETURN_NOT_OK(
      failure.Translate(AdbcDatabaseNew(&database->raw_, failure.get()), whose));
  ARROW_RETURN_NOT_OK(set("driver", settings.driver));
  ARROW_RETURN_NOT_OK(
      failure.Translate(AdbcDriverManagerDatabaseSetLoadFlags(
                            &database->raw_, ADBC_LOAD_FLAG_DEFAULT, failure.get()),
                        whose));
  for (const auto& [key, value] : settings.options) {
    ARROW_RETURN_NOT_OK(set(key.c_str(), value));
  }
  ARROW_RETURN_NOT_OK(
      failure.Translate(AdbcDatabaseInit(&database->raw_, failure.get()), whose));
  return database;
}

DriverDatabase::~DriverDatabase() {
  if (!raw_.private_data && !raw_.private_driver) return;
  AdbcFailure ignored;
  AdbcDatabaseRelease(&raw_, ignored.get());
}

arrow::Result<std::unique_ptr<DriverConnection>> DriverConnection::Open(
    std::shared_ptr<DriverDatabase> database) {
  std::unique_ptr<DriverConnection> connection(new DriverConnection(std::move(database)));
  AdbcFailure failure;
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcConnectionNew(&connection->raw_, failure.get()), connection->blame()));
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcConnectionInit(&connection->raw_, connection->database_->raw(), failure.get()),
      connection->blame()));
  return connection;
}

DriverConnection::~DriverConnection() {
  if (!raw_.private_data && !raw_.private_driver) return;
  AdbcFailure ignored;
  AdbcConnectionRelease(&raw_, ignored.get());
}

arrow::Status DriverConnection::Check() {
  ARROW_ASSIGN_OR_RAISE(const auto statement, DriverStatement::Open(this));
  ARROW_RETURN_NOT_OK(statement->SetSql("SELECT 1"));
  ArrowArrayStream rows{};
  ARROW_RETURN_NOT_OK(statement->Execute(&rows));
  if (!rows.release) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ImportRecordBatchReader(&rows));
  return reader->ToRecordBatches().status();
}

arrow::Result<std::string> DriverConnection::VendorName() {
  AdbcFailure failure;
  ArrowArrayStream stream{};
  const uint32_t code = ADBC_INFO_VENDOR_NAME;
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcConnectionGetInfo(&raw_, &code, 1, &stream, failure.get()), blame()));
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ImportRecordBatchReader(&stream));
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (!batch) return "";
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    if (batch->num_columns() < 2) return "";
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      ARROW_ASSIGN_OR_RAISE(const auto key, batch->column(0)->GetScalar(row));
      if (key->ToString() != std::to_string(code)) continue;
      ARROW_ASSIGN_OR_RAISE(const auto value, batch->column(1)->GetScalar(row));
      if (!value->is_valid) return "";
      const auto* one = dynamic_cast<const arrow::UnionScalar*>(value.get());
      return one && one->child_value() ? one->child_value()->ToString() : "";
    }
  }
}

arrow::Status DriverConnection::SetOption(const char* key, const char* value) {
  AdbcFailure failure;
  return failure.Translate(AdbcConnectionSetOption(&raw_, key, value, failure.get()),
                           blame());
}

arrow::Status DriverConnection::Commit() {
  AdbcFailure failure;
  return failure.Translate(AdbcConnectionCommit(&raw_, failure.get()), blame());
}

arrow::Status DriverConnection::Rollback() {
  AdbcFailure failure;
  return failure.Translate(AdbcConnectionRollback(&raw_, failure.get()), blame());
}

arrow::Result<std::unique_ptr<DriverStatement>> DriverStatement::Open(
    DriverConnection* connection) {
  std::unique_ptr<DriverStatement> statement(new DriverStatement(connection));
  AdbcFailure failure;
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcStatementNew(connection->raw(), &statement->raw_, failure.get()),
      connection->blame()));
  return statement;
}

DriverStatement::~DriverStatement() {
  if (!raw_.private_data && !raw_.private_driver) return;
  AdbcFailure ignored;
  AdbcStatementRelease(&raw_, ignored.get());
}

arrow::Status DriverStatement::SetSql(const std::string& sql) {
  AdbcFailure failure;
  return failure.Translate(AdbcStatementSetSqlQuery(&raw_, sql.c_str(), failure.get()),
                           blame());
}

arrow::Status DriverStatement::Prepare() {
  AdbcFailure failure;
  return failure.Translate(AdbcStatementPrepare(&raw_, failure.get()), blame());
}

arrow::Status DriverStatement::SetOption(const char* key, const std::string& value) {
  AdbcFailure failure;
  return failure.Translate(
      AdbcStatementSetOption(&raw_, key, value.c_str(), failure.get()), blame());
}

arrow::Result<std::shared_ptr<arrow::Schema>> DriverStatement::ExecuteSchema() {
  AdbcFailure failure;
  ArrowSchema schema{};
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcStatementExecuteSchema(&raw_, &schema, failure.get()), blame()));
  return arrow::ImportSchema(&schema);
}

arrow::Result<int64_t> DriverStatement::Execute(ArrowArrayStream* rows) {
  AdbcFailure failure;
  int64_t changed = -1;
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcStatementExecuteQuery(&raw_, rows, &changed, failure.get()), blame()));
  return changed;
}

arrow::Status DriverStatement::BindStream(ArrowArrayStream* stream) {
  AdbcFailure failure;
  const arrow::Status status =
      failure.Translate(AdbcStatementBindStream(&raw_, stream, failure.get()), blame());
  if (!status.ok() && stream->release) stream->release(stream);
  return status;
}

void DriverStatement::Cancel() {
  AdbcFailure ignored;
  if (AdbcStatementCancel(&raw_, ignored.get()) != ADBC_STATUS_NOT_IMPLEMENTED) return;
  AdbcFailure also_ignored;
  AdbcConnectionCancel(connection_->raw(), also_ignored.get());
}

}  // namespace pintail::backend
