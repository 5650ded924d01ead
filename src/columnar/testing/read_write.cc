#include "columnar/testing/read_write.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/memory.h"
#include "arrow/record_batch.h"
#include "columnar/batch_writer.h"
#include "gtest/gtest.h"

namespace pintail::columnar::testing {
namespace {

using TableResult = arrow::Result<std::shared_ptr<arrow::Table>>;

// A body as it comes from a connection: it cannot seek, and comes in pieces.
class Body final : public arrow::io::InputStream {
 public:
  explicit Body(std::string text) : text_(std::move(text)) {}
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override {
    const auto left = static_cast<int64_t>(text_.size()) - at_;
    const int64_t count = std::min({nbytes, int64_t{1000}, left});
    std::memcpy(out, text_.data() + at_, static_cast<size_t>(count));
    at_ += count;
    return count;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override {
    std::string piece(static_cast<size_t>(std::min(nbytes, int64_t{1000})), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t read,
                          Read(static_cast<int64_t>(piece.size()), piece.data()));
    piece.resize(static_cast<size_t>(read));
    return arrow::Buffer::FromString(std::move(piece));
  }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return at_; }

 private:
  const std::string text_;
  int64_t at_ = 0;
};

}  // namespace

std::shared_ptr<arrow::io::InputStream> BodyOf(std::string text) {
  return std::make_shared<Body>(std::move(text));
}

TableResult ReadAll(Format format, std::shared_ptr<arrow::io::InputStream> input,
                    const BatchReaderOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenBatchReader(format, std::move(input), options));
  ARROW_ASSIGN_OR_RAISE(reader, Validated(std::move(reader), options.limits));
  return reader->ToTable();
}

TableResult ReadAll(Format format, const std::string& text,
                    const BatchReaderOptions& options) {
  return ReadAll(format, BodyOf(text), options);
}

std::string Written(Format format, const arrow::Table& table) {
  auto output = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = MakeBatchWriter(format, table.schema(), output.get()).ValueOrDie();
  arrow::TableBatchReader batches(table);
  while (auto batch = batches.Next().ValueOrDie()) {
    EXPECT_TRUE(writer->Write(*batch).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  return output->Finish().ValueOrDie()->ToString();
}

}  // namespace pintail::columnar::testing
