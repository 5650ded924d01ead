// Arrow IPC streams and files. Messages are read here rather than by Arrow, so that a
// length is believed only as far as bytes arrive, and what a compressed body may grow to
// is known before it is decompressed.
#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/ipc/message.h"
#include "arrow/ipc/reader.h"
#include "columnar/array_layout.h"
#include "columnar/bounded_pool.h"
#include "columnar/format_readers.h"
#include "columnar/ipc_metadata_check.h"
#include "columnar/stream_bytes.h"

namespace pintail::columnar {
namespace {

using arrow::Status;
using MessagePtr = std::unique_ptr<arrow::ipc::Message>;

// 100,000 fields take about 10 MB of metadata.
constexpr int64_t kMaxMetadataBytes = int64_t{64} << 20;
constexpr int32_t kContinuation = -1;

Status CutShort(int64_t wanted, int64_t got) {
  return Lie("the Arrow IPC stream ends inside a message: ", wanted,
             " more bytes were announced, ", got, " came");
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ReadExactly(arrow::io::InputStream& input,
                                                          int64_t size) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadUpTo(input, size));
  if (buffer->size() < size) return CutShort(size, buffer->size());
  return buffer;
}

std::span<const uint8_t> SpanOf(const arrow::Buffer& buffer) {
  return {buffer.data(), static_cast<size_t>(buffer.size())};
}

class BoundedMessageReader final : public arrow::ipc::MessageReader {
 public:
  BoundedMessageReader(std::shared_ptr<arrow::io::InputStream> input,
                       const Limits& limits, BoundedPool& pool)
      : input_(std::move(input)), limits_(limits), pool_(pool) {}

  arrow::Result<MessagePtr> ReadNextMessage() override {
    ARROW_ASSIGN_OR_RAISE(const int64_t metadata_size, ReadMetadataSize());
    if (metadata_size == 0) {
      if (begun_) return nullptr;
      return Lie("the Arrow IPC stream is empty; it begins with its schema");
    }
    begun_ = true;
    ARROW_ASSIGN_OR_RAISE(auto metadata, ReadExactly(*input_, metadata_size));
    ARROW_RETURN_NOT_OK(CheckIpcMessage(SpanOf(*metadata), limits_));

    auto listener = std::make_shared<arrow::ipc::AssignMessageDecoderListener>(&message_);
    arrow::ipc::MessageDecoder decoder(
        listener, arrow::ipc::MessageDecoder::State::METADATA, metadata_size, &pool_);
    pool_.Renew(kMaxMetadataBytes);
    ARROW_RETURN_NOT_OK(decoder.Consume(std::move(metadata)));
    int64_t body_size = 0;
    if (decoder.state() == arrow::ipc::MessageDecoder::State::BODY) {
      body_size = decoder.next_required_size();
      if (body_size < 0 || body_size > limits_.max_batch_bytes) {
        return Lie("the Arrow IPC stream announces a message of ", body_size,
                   " bytes; the limit is ", limits_.max_batch_bytes);
      }
      ARROW_ASSIGN_OR_RAISE(auto body, ReadExactly(*input_, body_size));
      ARROW_RETURN_NOT_OK(decoder.Consume(std::move(body)));
    }
    if (message_ == nullptr) return Lie("the Arrow IPC stream has a message without end");
    GrantMemoryFor(body_size);
    return std::move(message_);
  }

 private:
  // 0 at the end of the stream.
  arrow::Result<int64_t> ReadMetadataSize() {
    ARROW_ASSIGN_OR_RAISE(auto prefix, ReadUpTo(*input_, sizeof(int32_t)));
    if (prefix->size() == 0) return 0;
    if (prefix->size() < 4) return CutShort(4, prefix->size());
    auto size = ValueAt<int32_t>(prefix->data(), 0);
    // Writers before Arrow 0.15 put the length first.
    if (size == kContinuation) {
      ARROW_ASSIGN_OR_RAISE(prefix, ReadExactly(*input_, sizeof(int32_t)));
      size = ValueAt<int32_t>(prefix->data(), 0);
    }
    if (size < 0 || size > kMaxMetadataBytes) {
      return Lie("the Arrow IPC stream announces metadata of ", size,
                 " bytes; this is not an Arrow IPC stream, or it is damaged, or its "
                 "schema takes more than ",
                 kMaxMetadataBytes, " bytes");
    }
    return size;
  }

  // What decoding this message may allocate. Dictionaries count for later messages too:
  // a small one that adds to a large dictionary makes a copy of all of it.
  void GrantMemoryFor(int64_t body_size) {
    if (message_->type() == arrow::ipc::MessageType::DICTIONARY_BATCH) {
      dictionary_bytes_ += body_size;
    }
    const int64_t received = body_size + dictionary_bytes_;
    const int64_t by_ratio =
        received < limits_.max_batch_bytes / limits_.max_compression_ratio
            ? received * limits_.max_compression_ratio
            : limits_.max_batch_bytes;
    pool_.Renew(
        std::min(limits_.max_batch_bytes, std::max(by_ratio, limits_.ratio_floor_bytes)));
  }

  const std::shared_ptr<arrow::io::InputStream> input_;
  const Limits limits_;
  BoundedPool& pool_;
  MessagePtr message_;
  bool begun_ = false;
  int64_t dictionary_bytes_ = 0;
};

arrow::ipc::IpcReadOptions ReadOptions(const Limits& limits, BoundedPool& pool) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = &pool;
  options.max_recursion_depth = limits.max_nesting;
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

class StreamReader final : public arrow::RecordBatchReader {
 public:
  static ReaderResult Open(std::shared_ptr<arrow::io::InputStream> input,
                           const Limits& limits) {
    auto pool = BoundedPool::Make(limits.ratio_floor_bytes);
    auto messages =
        std::make_unique<BoundedMessageReader>(std::move(input), limits, *pool);
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::ipc::RecordBatchStreamReader::Open(
                              std::move(messages), ReadOptions(limits, *pool)));
    return std::make_shared<StreamReader>(std::move(pool), std::move(reader));
  }

  StreamReader(BoundedPool::Owner pool, std::shared_ptr<arrow::RecordBatchReader> reader)
      : pool_(std::move(pool)), reader_(std::move(reader)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    return reader_->ReadNext(out);
  }

 private:
  const BoundedPool::Owner pool_;
  const std::shared_ptr<arrow::RecordBatchReader> reader_;
};

// A message in a file begins with its length, since Arrow 0.15 with a mark before it.
arrow::Status CheckMessageAt(arrow::io::RandomAccessFile& file, const IpcBlock& block,
                             const Limits& limits) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, file.ReadAt(block.offset, block.metadata_bytes));
  const bool marked = bytes->size() >= int64_t{sizeof(int32_t)} &&
                      ValueAt<int32_t>(bytes->data(), 0) == kContinuation;
  const size_t prefix = (marked ? 2 : 1) * sizeof(int32_t);
  const std::span<const uint8_t> message = SpanOf(*bytes);
  if (message.size() < prefix) {
    return Lie("a message of the Arrow IPC file has metadata of ", message.size(),
               " bytes, which is none");
  }
  return CheckIpcMessage(message.subspan(prefix), limits);
}

// A file ends with its footer, the footer's length in four bytes and "ARROW1". What does
// not is Arrow's to refuse.
arrow::Status CheckFileMetadata(arrow::io::RandomAccessFile& file, int64_t size,
                                const Limits& limits) {
  constexpr std::string_view kMagic = "ARROW1";
  constexpr int64_t kTailBytes = sizeof(int32_t) + kMagic.size();
  if (size < kTailBytes) {
    return Lie("an Arrow IPC file cannot be of ", size, " bytes");
  }
  ARROW_ASSIGN_OR_RAISE(auto tail, file.ReadAt(size - kTailBytes, kTailBytes));
  if (!static_cast<std::string_view>(*tail).ends_with(kMagic)) return Status::OK();
  const int64_t length = ValueAt<int32_t>(tail->data(), 0);
  if (length <= 0 || length > size - kTailBytes) return Status::OK();
  if (length > kMaxMetadataBytes) {
    return Lie("the Arrow IPC file has a footer of ", length, " bytes; the limit is ",
               kMaxMetadataBytes);
  }
  ARROW_ASSIGN_OR_RAISE(auto footer, file.ReadAt(size - kTailBytes - length, length));
  ARROW_RETURN_NOT_OK(CheckIpcFooter(SpanOf(*footer), limits));
  ARROW_ASSIGN_OR_RAISE(const auto blocks, IpcBlocks(SpanOf(*footer)));
  int64_t left = size;
  for (const IpcBlock& block : blocks) {
    if (block.offset < 0 || block.metadata_bytes < 0 || block.metadata_bytes > left) {
      return Lie("the footer of the Arrow IPC file names messages that are not in it");
    }
    left -= block.metadata_bytes;
    ARROW_RETURN_NOT_OK(CheckMessageAt(file, block, limits));
  }
  return Status::OK();
}

class FileReader final : public arrow::RecordBatchReader {
 public:
  static ReaderResult Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                           const Limits& limits) {
    ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
    ARROW_RETURN_NOT_OK(CheckFileMetadata(*file, size, limits));
    const int64_t by_ratio =
        size < limits.max_batch_bytes / limits.max_compression_ratio
            ? std::max(limits.ratio_floor_bytes, size * limits.max_compression_ratio)
            : limits.max_batch_bytes;
    const int64_t budget = std::min(limits.max_batch_bytes, by_ratio);
    auto pool = BoundedPool::Make(budget);
    ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(
                                           std::move(file), ReadOptions(limits, *pool)));
    return std::make_shared<FileReader>(std::move(pool), budget, std::move(reader));
  }

  FileReader(BoundedPool::Owner pool, int64_t budget,
             std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader)
      : pool_(std::move(pool)), budget_(budget), reader_(std::move(reader)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    *out = nullptr;
    if (next_ >= reader_->num_record_batches()) return Status::OK();
    pool_->Renew(budget_);
    return reader_->ReadRecordBatch(next_++).Value(out);
  }

 private:
  const BoundedPool::Owner pool_;
  const int64_t budget_;
  const std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_;
  int next_ = 0;
};

}  // namespace

ReaderResult OpenArrowStream(std::shared_ptr<arrow::io::InputStream> input,
                             const BatchReaderOptions& options) {
  return StreamReader::Open(std::move(input), options.limits);
}

ReaderResult OpenArrowFile(std::shared_ptr<arrow::io::RandomAccessFile> file,
                           const BatchReaderOptions& options) {
  return FileReader::Open(std::move(file), options.limits);
}

}  // namespace pintail::columnar
