#include "flight/upload_reader.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "arrow/ipc/message.h"
#include "arrow/ipc/reader.h"
#include "columnar/batch_reader.h"
#include "columnar/bounded_pool.h"
#include "columnar/ipc_metadata_check.h"
#include "flight/door.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightMessageReader;
using columnar::BoundedPool;

// Pulls the call's next IPC message whenever the decoder asks for one.
class MessageSource final : public arrow::ipc::MessageReader {
 public:
  MessageSource(Call& call, FlightMessageReader& inner, const columnar::Limits& limits,
                BoundedPool& pool)
      : call_(call), inner_(inner), limits_(limits), pool_(pool) {}

  arrow::Result<std::unique_ptr<arrow::ipc::Message>> ReadNextMessage() override {
    while (true) {
      if (auto message = call_.grpc_call()->TakeMessage()) {
        const arrow::Buffer& metadata = *message->metadata;
        ARROW_RETURN_NOT_OK(columnar::CheckIpcMessage(
            {metadata.data(), static_cast<size_t>(metadata.size())}, limits_));
        const int64_t body_bytes = message->body ? message->body->size() : 0;
        pool_.Renew(Allowance(body_bytes));
        return arrow::ipc::Message::Open(std::move(message->metadata),
                                         std::move(message->body));
      }
      if (ended_) return nullptr;
      ARROW_RETURN_NOT_OK(Pull());
    }
  }

 private:
  // What a message may unpack to. Aligning copies a body once, so never less than that.
  int64_t Allowance(int64_t body_bytes) const {
    int64_t allowance = limits_.max_batch_bytes;
    if (body_bytes < limits_.max_batch_bytes / limits_.max_compression_ratio) {
      allowance = body_bytes * limits_.max_compression_ratio;
    }
    return std::clamp(allowance,
                      std::min(limits_.ratio_floor_bytes, limits_.max_batch_bytes),
                      std::max(limits_.max_batch_bytes, body_bytes));
  }

  // Makes Arrow's reader fetch one gRPC message; its data ends up in the GrpcCall.
  arrow::Status Pull() {
    const int64_t before = call_.grpc_call()->messages_received();
    call_.StartWaiting(ClientWait::kToSend);
    auto chunk = inner_.Next();
    call_.StopWaiting();
    ARROW_RETURN_NOT_OK(call_.context()->CheckAlive());
    ARROW_RETURN_NOT_OK(chunk.status());
    ended_ = call_.grpc_call()->messages_received() == before && !chunk->app_metadata;
    return ended_ ? CheckEnd() : arrow::Status::OK();
  }

  // A read ends alike when the client has finished and when its connection broke, but
  // gRPC has marked the call as cancelled by then if it broke. What was not finished must
  // not be committed (docs/decisions/005).
  arrow::Status CheckEnd() const {
    if (ClientIsGone()) return CutShort();
    if (!MayHaveBeenTooLong()) return arrow::Status::OK();
    constexpr int kLooks = 10;
    for (int look = 0; look < kLooks; ++look) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      if (ClientIsGone()) return CutShort();
    }
    return arrow::Status::OK();
  }

  // Whether enough time has passed for a message to have come that gRPC refused for its
  // length: then too the read ends, and the call is marked a moment later only. Bytes
  // come no faster than memory is copied; the first may have come before this object was
  // made.
  bool MayHaveBeenTooLong() const {
    constexpr double kMostBytesPerSecond = 32e9;
    constexpr std::chrono::milliseconds kHeadStart{10};
    const std::chrono::duration<double> least(
        static_cast<double>(call_.door().options.max_message_bytes) /
        kMostBytesPerSecond);
    return std::chrono::steady_clock::now() - began_ >= least - kHeadStart;
  }

  bool ClientIsGone() const { return call_.grpc_call()->ClientIsGone(); }

  static arrow::Status CutShort() {
    return base::MakeError(base::ErrorKind::kCancelled,
                           "the client went away before it ended its stream, or sent a "
                           "message longer than flight.max_message");
  }

  Call& call_;
  FlightMessageReader& inner_;
  const columnar::Limits limits_;
  BoundedPool& pool_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool ended_ = false;
};

}  // namespace

struct UploadReader::State {
  // Opens the decoder, for which the client's schema has to have come.
  arrow::Status EnsureOpen() {
    if (decoder) return arrow::Status::OK();
    arrow::ipc::IpcReadOptions options;
    options.memory_pool = pool.get();
    options.max_recursion_depth = limits.max_nesting;
    options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
    auto opened = arrow::ipc::RecordBatchStreamReader::Open(
        std::make_unique<MessageSource>(*call, *inner, limits, *pool), options);
    if (!opened.ok()) return Readable(opened.status());
    decoder = std::move(*opened);
    return arrow::Status::OK();
  }

  // What the decoder says about bad input, with the kind it deserves.
  arrow::Status Readable(const arrow::Status& status) const {
    ARROW_RETURN_NOT_OK(call->context()->CheckAlive());
    if (pool->refused()) {
      return base::MakeError(base::ErrorKind::kResourceExhausted,
                             "A message unpacks to more than ", pool->budget_bytes(),
                             " bytes, all that one of its size may (limits.max_batch, "
                             "limits.max_compression_ratio); send smaller or "
                             "uncompressed batches");
    }
    if (base::HasKind(status)) return status;
    return base::MakeError(
        base::ErrorKind::kInvalidArgument,
        "The uploaded data is not a valid Arrow stream: ", status.message());
  }

  std::shared_ptr<Call> call;
  std::unique_ptr<FlightMessageReader> inner;
  columnar::Limits limits;
  BoundedPool::Owner pool;  // outlives the decoder
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> decoder;
};

UploadReader::UploadReader(std::shared_ptr<Call> call,
                           std::unique_ptr<FlightMessageReader> inner,
                           const columnar::Limits& limits)
    : state_(std::make_unique<State>()) {
  state_->call = std::move(call);
  state_->inner = std::move(inner);
  state_->limits = limits;
  state_->pool = BoundedPool::Make(limits.ratio_floor_bytes, BoundedPool::Freed::kSpent);
}

UploadReader::~UploadReader() = default;

const arrow::flight::FlightDescriptor& UploadReader::descriptor() const {
  return state_->inner->descriptor();
}

arrow::Result<std::shared_ptr<arrow::Schema>> UploadReader::GetSchema() {
  ARROW_RETURN_NOT_OK(state_->EnsureOpen());
  return state_->decoder->schema();
}

arrow::Result<arrow::flight::FlightStreamChunk> UploadReader::Next() {
  ARROW_RETURN_NOT_OK(state_->EnsureOpen());
  arrow::flight::FlightStreamChunk chunk;
  const arrow::Status status = state_->decoder->ReadNext(&chunk.data);
  if (!status.ok()) return state_->Readable(status);
  return chunk;
}

arrow::ipc::ReadStats UploadReader::stats() const {
  return state_->decoder ? state_->decoder->stats() : arrow::ipc::ReadStats{};
}

namespace {

class BatchesOfUpload final : public arrow::RecordBatchReader {
 public:
  BatchesOfUpload(FlightMessageReader* reader, std::shared_ptr<arrow::Schema> schema)
      : reader_(reader), schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_ASSIGN_OR_RAISE(auto chunk, reader_->Next());
    *batch = std::move(chunk.data);
    return arrow::Status::OK();
  }

 private:
  FlightMessageReader* const reader_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> UploadedBatches(
    FlightMessageReader* reader, const columnar::Limits& limits) {
  ARROW_ASSIGN_OR_RAISE(auto schema, reader->GetSchema());
  return columnar::Validated(std::make_shared<BatchesOfUpload>(reader, std::move(schema)),
                             limits);
}

}  // namespace pintail::flight
