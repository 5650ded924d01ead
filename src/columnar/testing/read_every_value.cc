#include "columnar/testing/read_every_value.h"

#include <utility>

#include "arrow/io/interfaces.h"
#include "arrow/io/memory.h"
#include "arrow/record_batch.h"
#include "base/error.h"
#include "columnar/batch_writer.h"

namespace pintail::columnar::testing {
namespace {

// Looks at all that is written, and keeps a sum of it.
class Reading final : public arrow::io::OutputStream {
 public:
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t nbytes) override {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (int64_t i = 0; i < nbytes; ++i) sum_ = sum_ * 31 + bytes[i];
    position_ += nbytes;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }

 private:
  uint64_t sum_ = 0;
  int64_t position_ = 0;
};

}  // namespace

arrow::Result<int64_t> ReadEveryValue(Format format,
                                      const std::shared_ptr<arrow::Buffer>& bytes,
                                      const BatchReaderOptions& options) {
  auto input = std::make_shared<arrow::io::BufferReader>(bytes);
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenBatchReader(format, std::move(input), options));
  ARROW_ASSIGN_OR_RAISE(reader, Validated(std::move(reader), options.limits));
  Reading output;
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        MakeBatchWriter(Format::kNdjson, reader->schema(), &output));
  int64_t rows = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto batch, reader->Next());
    if (batch == nullptr) return rows;
    const arrow::Status valid = batch->ValidateFull();
    if (!valid.ok()) {
      return base::MakeError(
          base::ErrorKind::kInternal,
          "a batch that Arrow finds invalid was let through: ", valid.message());
    }
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
    rows += batch->num_rows();
  }
}

}  // namespace pintail::columnar::testing
