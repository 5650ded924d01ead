#include "journal/record_codec.h"

#include <array>
#include <limits>
#include <utility>

#include "arrow/io/memory.h"
#include "arrow/ipc/reader.h"
#include "arrow/ipc/writer.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/limits.h"
#include "journal/checksum.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;

// Below this, copying costs less than one more piece to write.
constexpr int64_t kSmallBytes = 4096;
// What a type may nest: the gate at the door has a limit of its own, well below.
constexpr int kMaxNesting = 1024;

constexpr std::array<uint8_t, kAlignment> kZeros{};

// The gate at the door has bounded the size already, maybe by other limits than today's.
columnar::Limits NoLimits() {
  constexpr int64_t kMany = std::numeric_limits<int64_t>::max() / 1024;
  return {.max_columns = kMany,
          .max_fields = kMany,
          .max_nesting = kMaxNesting,
          .max_rows_per_batch = kMany,
          .max_batch_bytes = kMany};
}

arrow::Status CheckRecord(const Record& record) {
  auto refuse = [](auto&&... why) {
    return base::MakeError(ErrorKind::kInvalidArgument, why...);
  };
  if (record.table.empty()) return refuse("a record of the journal needs a table");
  for (const std::string* name : {&record.table, &record.producer_key}) {
    if (static_cast<int64_t>(name->size()) > kMaxNameBytes) {
      return refuse("a name of ", name->size(), " bytes is too long for the journal; ",
                    kMaxNameBytes, " is the limit");
    }
  }
  if (record.schema == nullptr || record.schema->num_fields() == 0) {
    return refuse("a record of the journal needs a column");
  }
  if (record.batches.empty()) return refuse("a record of the journal needs a batch");
  for (const auto& batch : record.batches) {
    if (!batch->schema()->Equals(*record.schema, /*check_metadata=*/false)) {
      return refuse("a batch is not of the schema of its record");
    }
  }
  return arrow::Status::OK();
}

}  // namespace

// The stream that Arrow writes to: remembers where the bytes are.
class EncodedRecord::Collector final : public arrow::io::OutputStream {
 public:
  explicit Collector(EncodedRecord& record) : record_(record) {}

  arrow::Status Write(const void* data, int64_t bytes) override {
    if (bytes == 0) return arrow::Status::OK();
    std::vector<Piece>& pieces = record_.pieces_;
    if (pieces.empty() || pieces.back().buffer != nullptr) {
      pieces.push_back({.small_offset = static_cast<int64_t>(record_.small_.size())});
    }
    pieces.back().bytes += bytes;
    record_.small_.append(static_cast<const char*>(data), bytes);
    written_ += bytes;
    return arrow::Status::OK();
  }

  arrow::Status Write(const std::shared_ptr<arrow::Buffer>& data) override {
    if (data->size() < kSmallBytes) return Write(data->data(), data->size());
    record_.pieces_.push_back({.buffer = data, .bytes = data->size()});
    written_ += data->size();
    return arrow::Status::OK();
  }

  using arrow::io::OutputStream::Write;
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return written_; }

 private:
  EncodedRecord& record_;
  int64_t written_ = 0;
};

arrow::Result<EncodedRecord> EncodedRecord::Of(const Record& record) {
  ARROW_RETURN_NOT_OK(CheckRecord(record));
  EncodedRecord encoded;
  Collector collector(encoded);
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.allow_64bit = true;
  options.alignment = kAlignment;
  options.max_recursion_depth = kMaxNesting;
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        arrow::ipc::MakeStreamWriter(&collector, record.schema, options));
  for (const auto& batch : record.batches) {
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());

  uint32_t sum = 0;
  for (const Piece& piece : encoded.pieces_) {
    sum = Checksum({encoded.AddressOf(piece), static_cast<size_t>(piece.bytes)}, sum);
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t body_bytes, collector.Tell());
  encoded.header_ = {
      .time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                     record.time.time_since_epoch())
                     .count(),
      .body_bytes = body_bytes,
      .body_checksum = sum,
      .table_bytes = static_cast<uint32_t>(record.table.size()),
      .key_bytes = static_cast<uint32_t>(record.producer_key.size()),
  };
  encoded.head_.assign(kHeaderBytes, '\0');
  encoded.head_ += record.table;
  encoded.head_ += record.producer_key;
  encoded.head_.resize(encoded.header_.body_offset(), '\0');
  return encoded;
}

const uint8_t* EncodedRecord::AddressOf(const Piece& piece) const {
  if (piece.buffer != nullptr) return piece.buffer->data();
  return reinterpret_cast<const uint8_t*>(small_.data()) + piece.small_offset;
}

void EncodedRecord::Place(Position position, Position synced, uint64_t salt) {
  header_.position = position;
  header_.synced = synced;
  header_.salt = salt;
  const auto names = std::string_view(head_).substr(kHeaderBytes, header_.names_bytes());
  const HeaderBytes bytes = Encode(header_, names);
  head_.replace(0, bytes.size(), reinterpret_cast<const char*>(bytes.data()),
                bytes.size());
}

void EncodedRecord::AppendTo(std::vector<iovec>* pieces) {
  // Writing does not change them; iovec has no way to say so.
  auto add = [&](const void* data, int64_t bytes) {
    if (bytes > 0) {
      pieces->push_back({const_cast<void*>(data), static_cast<size_t>(bytes)});
    }
  };
  add(head_.data(), static_cast<int64_t>(head_.size()));
  for (const Piece& piece : pieces_) add(AddressOf(piece), piece.bytes);
  add(kZeros.data(), Aligned(header_.body_bytes) - header_.body_bytes);
}

arrow::Result<Record> DecodeRecord(const RecordHeader& header, std::string_view names,
                                   const std::shared_ptr<arrow::Buffer>& body) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.max_recursion_depth = kMaxNesting;
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        arrow::ipc::RecordBatchStreamReader::Open(
                            std::make_shared<arrow::io::BufferReader>(body), options));
  Record record = {
      .table = std::string(names.substr(0, header.table_bytes)),
      .producer_key = std::string(names.substr(header.table_bytes)),
      .time = std::chrono::system_clock::time_point(
          std::chrono::duration_cast<std::chrono::system_clock::duration>(
              std::chrono::nanoseconds(header.time_ns))),
      .schema = reader->schema(),
  };
  const columnar::Limits limits = NoLimits();
  ARROW_RETURN_NOT_OK(columnar::CheckSchema(*record.schema, limits));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(columnar::CheckBatch(*batch, limits));
    record.batches.push_back(std::move(batch));
  }
  if (record.batches.empty()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "it holds no batch");
  }
  return record;
}

}  // namespace pintail::journal
