// Arrow IPC streams and files, written by Arrow.
#include <utility>

#include "arrow/ipc/writer.h"
#include "columnar/format_writers.h"

namespace pintail::columnar {
namespace {

class ArrowIpcWriter final : public BatchWriter {
 public:
  explicit ArrowIpcWriter(std::shared_ptr<arrow::ipc::RecordBatchWriter> writer)
      : writer_(std::move(writer)) {}

  arrow::Status Write(const arrow::RecordBatch& batch) override {
    return writer_->WriteRecordBatch(batch);
  }
  arrow::Status Close() override { return writer_->Close(); }

 private:
  const std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

WriterResult MakeArrowStreamWriter(const std::shared_ptr<arrow::Schema>& schema,
                                   arrow::io::OutputStream* output) {
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeStreamWriter(output, schema));
  return std::make_unique<ArrowIpcWriter>(std::move(writer));
}

WriterResult MakeArrowFileWriter(const std::shared_ptr<arrow::Schema>& schema,
                                 arrow::io::OutputStream* output) {
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(output, schema));
  return std::make_unique<ArrowIpcWriter>(std::move(writer));
}

}  // namespace pintail::columnar
