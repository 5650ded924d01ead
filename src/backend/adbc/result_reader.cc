#include "backend/adbc/result_reader.h"

#include <cstring>
#include <utility>

#include "arrow/array/util.h"
#include "arrow/c/bridge.h"
#include "backend/adbc/plain_columns.h"
#include "base/error.h"
#include "columnar/batch_reader.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;

// The driver's stream with its errors translated and its own types taken off.
class StreamReader final : public arrow::RecordBatchReader {
 public:
  StreamReader(std::shared_ptr<Channel> channel,
               std::unique_ptr<DriverStatement> statement, ArrowArrayStream* stream)
      : channel_(std::move(channel)), statement_(std::move(statement)), stream_(*stream) {
    stream->release = nullptr;
  }
  ~StreamReader() override { Stop(); }

  arrow::Status Open() {
    ArrowSchema schema{};
    driver_status_ = channel_->Run(statement_.get(), [&] {
      return Translate(stream_.get_schema(&stream_, &schema));
    });
    ARROW_RETURN_NOT_OK(driver_status_);
    ARROW_ASSIGN_OR_RAISE(driver_schema_, arrow::ImportSchema(&schema));
    arrow::FieldVector stored;
    for (const auto& field : driver_schema_->fields()) {
      const auto plain = PlainField(*field);
      stored.push_back(plain->WithType(StorageOf(*field, *plain)));
    }
    schema_ = arrow::schema(std::move(stored));
    return arrow::Status::OK();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  const arrow::Schema& driver_schema() const { return *driver_schema_; }
  Channel* channel() { return channel_.get(); }
  // What the driver said last; OK when it handed over what it should.
  const arrow::Status& driver_status() const { return driver_status_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (!stream_.release) return driver_status_;
    ArrowArray array{};
    driver_status_ = channel_->Run(
        statement_.get(), [&] { return Translate(stream_.get_next(&stream_, &array)); });
    if (!driver_status_.ok()) return driver_status_;
    if (!array.release) {
      at_end_ = true;
      Stop();
      return arrow::Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto arrived, arrow::ImportRecordBatch(&array, driver_schema_));
    arrow::ArrayDataVector columns;
    for (const auto& column : arrived->column_data()) {
      columns.push_back(PlainStorage(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, arrived->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

  void Stop() {
    if (!channel_) return;
    // PostgreSQL goes on sending rows that nobody reads; a new connection costs less than
    // reading them all. Inside a transaction there is no other connection.
    if (!at_end_ && driver_status_.ok() && !channel_->in_transaction() &&
        channel_->dialect() == engine::SqlDialect::kPostgres) {
      statement_->Cancel();
      channel_->Discard();
    }
    if (stream_.release) stream_.release(&stream_);
    stream_.release = nullptr;
    statement_.reset();
    channel_.reset();
    if (!at_end_ && driver_status_.ok()) {
      driver_status_ = base::MakeError(ErrorKind::kCancelled,
                                       "the rows can no longer be read: another "
                                       "statement was run on their connection");
    }
  }

 private:
  // What the arrays are before text becomes a decimal.
  static std::shared_ptr<arrow::DataType> StorageOf(const arrow::Field& field,
                                                    const arrow::Field& plain) {
    if (!arrow::is_decimal(plain.type()->id()) ||
        field.type()->id() != arrow::Type::EXTENSION) {
      return plain.type();
    }
    return static_cast<const arrow::ExtensionType&>(*field.type()).storage_type();
  }

  arrow::Status Translate(int code) {
    if (code == 0) return arrow::Status::OK();
    const Blame& blame = statement_->blame();
    AdbcStatusCode status = ADBC_STATUS_OK;
    const AdbcError* error = AdbcErrorFromArrayStream(&stream_, &status);
    if (error && status != ADBC_STATUS_OK) {
      return AdbcFailure::Translate(status, error, blame);
    }
    const char* said = stream_.get_last_error(&stream_);
    const ErrorKind kind = code == ECANCELED   ? ErrorKind::kCancelled
                           : code == ETIMEDOUT ? ErrorKind::kDeadlineExceeded
                           : code == EIO || code == ECONNRESET ? ErrorKind::kUnavailable
                           : code == ENOMEM ? ErrorKind::kResourceExhausted
                                            : ErrorKind::kInternal;
    return base::MakeError(kind, "source '", blame.source, "': ",
                           blame.redaction.Apply(said ? said : std::strerror(code)));
  }

  std::shared_ptr<Channel> channel_;
  std::unique_ptr<DriverStatement> statement_;
  ArrowArrayStream stream_;
  std::shared_ptr<arrow::Schema> driver_schema_;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::Status driver_status_;
  bool at_end_ = false;
};

class ExactReader final : public arrow::RecordBatchReader {
 public:
  ExactReader(std::shared_ptr<arrow::RecordBatchReader> reader,
              std::shared_ptr<arrow::Schema> schema, std::string source)
      : reader_(std::move(reader)),
        schema_(std::move(schema)),
        source_(std::move(source)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(reader_->ReadNext(batch));
    if (!*batch) return arrow::Status::OK();
    arrow::ArrayVector columns;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const arrow::Field& field = *schema_->field(i);
      auto column = ExactCast((*batch)->column(i), field.type(), field.name());
      if (!column.ok()) {
        return base::WithContext(column.status(), "source '" + source_ + "'");
      }
      columns.push_back(*std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

 private:
  const std::shared_ptr<arrow::RecordBatchReader> reader_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string source_;
};

class CheckedReader final : public ResultReader {
 public:
  CheckedReader(std::shared_ptr<StreamReader> stream, std::string source)
      : stream_(std::move(stream)), source_(std::move(source)) {}

  arrow::Status Open() {
    ARROW_RETURN_NOT_OK(stream_->Open());
    auto validated = columnar::Validated(stream_, columnar::Limits{});
    if (!validated.ok()) return Blamed(validated.status());
    rows_ = *std::move(validated);
    const auto plain = PlainSchema(stream_->driver_schema());
    // Validation may have undone an encoding; only decimals are still text.
    arrow::FieldVector fields = rows_->schema()->fields();
    for (int i = 0; i < plain->num_fields(); ++i) {
      if (arrow::is_decimal(plain->field(i)->type()->id())) fields[i] = plain->field(i);
    }
    rows_ = ReadAs(rows_, arrow::schema(std::move(fields)), source_);
    return Read(&first_);
  }

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (first_) {
      *batch = std::move(first_);
      first_.reset();
      return arrow::Status::OK();
    }
    return Read(batch);
  }

  void End() override {
    first_.reset();
    stream_->Stop();
  }

 private:
  arrow::Status Read(std::shared_ptr<arrow::RecordBatch>* batch) {
    const arrow::Status status = rows_->ReadNext(batch);
    if (status.ok()) return status;
    const arrow::Status blamed = Blamed(status);
    stream_->Stop();
    return blamed;
  }

  // Of the driver's own errors, those of a conversion, and what the validation found.
  arrow::Status Blamed(const arrow::Status& status) const {
    if (!stream_->driver_status().ok() || status.message().starts_with("source '")) {
      return status;
    }
    return base::MakeError(
        ErrorKind::kInternal, "source '", source_,
        "': its driver handed over rows that are not valid: ", status.message());
  }

  const std::shared_ptr<StreamReader> stream_;
  const std::string source_;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::RecordBatch> first_;
};

}  // namespace

arrow::Result<std::shared_ptr<ResultReader>> OpenResult(
    std::shared_ptr<Channel> channel, std::unique_ptr<DriverStatement> statement,
    ArrowArrayStream* stream) {
  const std::string source = statement->blame().source;
  auto reader = std::make_shared<CheckedReader>(
      std::make_shared<StreamReader>(std::move(channel), std::move(statement), stream),
      source);
  ARROW_RETURN_NOT_OK(reader->Open());
  return reader;
}

std::shared_ptr<arrow::RecordBatchReader> ReadAs(
    std::shared_ptr<arrow::RecordBatchReader> reader,
    std::shared_ptr<arrow::Schema> schema, std::string source) {
  if (reader->schema()->Equals(*schema)) return reader;
  return std::make_shared<ExactReader>(std::move(reader), std::move(schema),
                                       std::move(source));
}

}  // namespace pintail::backend
