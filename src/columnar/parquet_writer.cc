// Parquet with zstd. Batches are gathered into row groups in memory, so a batch reaches
// the output when its row group is full.
#include <exception>
#include <string>
#include <utility>

#include "arrow/buffer.h"
#include "base/error.h"
#include "columnar/format_writers.h"
#include "parquet/arrow/writer.h"
#include "parquet/properties.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;

// A database's own row group size; keeps what is gathered small.
constexpr int64_t kRowGroupRows = 122'880;

// Lends an output to a writer that wants to share in owning and closing it.
class LentOutput final : public arrow::io::OutputStream {
 public:
  explicit LentOutput(arrow::io::OutputStream* output) : output_(output) {}
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t nbytes) override {
    ARROW_RETURN_NOT_OK(output_->Write(data, nbytes));
    position_ += nbytes;
    return arrow::Status::OK();
  }
  arrow::Status Flush() override { return output_->Flush(); }
  // A file's offsets count from its own beginning.
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  arrow::io::OutputStream* const output_;
  int64_t position_ = 0;
  bool closed_ = false;
};

template <typename Call>
arrow::Status Guarded(const Call& call) {
  try {
    const arrow::Status status = call();
    if (status.ok() || !status.IsNotImplemented()) return status;
    return base::MakeError(ErrorKind::kUnimplemented,
                           "Parquet cannot hold this result: ", status.message(),
                           "; ask for Arrow, or cast the column");
  } catch (const std::exception& error) {
    return base::MakeError(ErrorKind::kInternal, "cannot write Parquet: ", error.what());
  }
}

class ParquetWriter final : public BatchWriter {
 public:
  explicit ParquetWriter(std::unique_ptr<parquet::arrow::FileWriter> writer)
      : writer_(std::move(writer)) {}

  arrow::Status Write(const arrow::RecordBatch& batch) override {
    return Guarded([&] { return writer_->WriteRecordBatch(batch); });
  }
  arrow::Status Close() override {
    return Guarded([&] { return writer_->Close(); });
  }

 private:
  const std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace

WriterResult MakeParquetWriter(const std::shared_ptr<arrow::Schema>& schema,
                               arrow::io::OutputStream* output) {
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->compression_level(1)
                              ->max_row_group_length(kRowGroupRows)
                              ->build();
  const auto arrow_properties =
      parquet::ArrowWriterProperties::Builder().store_schema()->build();
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  ARROW_RETURN_NOT_OK(Guarded([&] {
    return parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(),
                                            std::make_shared<LentOutput>(output),
                                            properties, arrow_properties)
        .Value(&writer);
  }));
  return std::make_unique<ParquetWriter>(std::move(writer));
}

}  // namespace pintail::columnar
