#include "cache/answer.h"

#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/message.h"
#include "arrow/ipc/reader.h"

namespace pintail::cache {
namespace {

using arrow::ipc::IpcPayload;

// One buffer with all of the body's, each padded as the message says.
arrow::Result<std::shared_ptr<arrow::Buffer>> OneBody(const IpcPayload& payload) {
  ARROW_ASSIGN_OR_RAISE(auto sink,
                        arrow::io::BufferOutputStream::Create(payload.body_length));
  static constexpr uint8_t kZeros[64] = {};
  for (const auto& buffer : payload.body_buffers) {
    if (!buffer || buffer->size() == 0) continue;
    ARROW_RETURN_NOT_OK(sink->Write(buffer->data(), buffer->size()));
    const int64_t padding = (8 - buffer->size() % 8) % 8;
    if (padding > 0) ARROW_RETURN_NOT_OK(sink->Write(kZeros, padding));
  }
  ARROW_ASSIGN_OR_RAISE(auto body, sink->Finish());
  if (body->size() != payload.body_length) {
    return arrow::Status::Invalid("an encoded batch has ", body->size(),
                                  " bytes instead of ", payload.body_length);
  }
  return body;
}

// Gathers what the stream writer makes.
class Gatherer final : public arrow::ipc::internal::IpcPayloadWriter {
 public:
  explicit Gatherer(std::vector<IpcPayload>& payloads) : payloads_(payloads) {}

  arrow::Status WritePayload(const IpcPayload& payload) override {
    IpcPayload kept{.type = payload.type,
                    .metadata = payload.metadata,
                    .body_buffers = {},
                    .variadic_buffer_counts = payload.variadic_buffer_counts,
                    .body_length = payload.body_length,
                    .raw_body_length = payload.raw_body_length};
    if (payload.body_length > 0) {
      ARROW_ASSIGN_OR_RAISE(auto body, OneBody(payload));
      kept.body_buffers.push_back(std::move(body));
    }
    payloads_.push_back(std::move(kept));
    return arrow::Status::OK();
  }
  arrow::Status Close() override { return arrow::Status::OK(); }

 private:
  std::vector<IpcPayload>& payloads_;
};

std::shared_ptr<arrow::Buffer> BodyOf(const IpcPayload& payload) {
  return payload.body_buffers.empty() ? std::make_shared<arrow::Buffer>(nullptr, 0)
                                      : payload.body_buffers.front();
}

// Gives the messages one after the other.
class Messages final : public arrow::ipc::MessageReader {
 public:
  explicit Messages(const std::vector<IpcPayload>& payloads) : payloads_(payloads) {}

  arrow::Result<std::unique_ptr<arrow::ipc::Message>> ReadNextMessage() override {
    if (next_ == payloads_.size()) return nullptr;
    const IpcPayload& payload = payloads_[next_++];
    return arrow::ipc::Message::Open(payload.metadata, BodyOf(payload));
  }

 private:
  const std::vector<IpcPayload> payloads_;  // shares the buffers
  size_t next_ = 0;
};

// Decodes when the first batch is asked for: most readers send the messages instead.
class Reader final : public arrow::RecordBatchReader {
 public:
  Reader(std::shared_ptr<arrow::Schema> schema, std::vector<IpcPayload> payloads)
      : schema_(std::move(schema)), payloads_(std::move(payloads)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (!reader_) {
      ARROW_ASSIGN_OR_RAISE(reader_, arrow::ipc::RecordBatchStreamReader::Open(
                                         std::make_unique<Messages>(payloads_)));
    }
    return reader_->ReadNext(batch);
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<IpcPayload> payloads_;
  std::shared_ptr<arrow::RecordBatchReader> reader_;
};

}  // namespace

arrow::Result<AnswerPtr> Answer::Encode(
    const std::shared_ptr<arrow::Schema>& schema,
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  std::shared_ptr<Answer> answer(new Answer);
  answer->schema_ = schema;
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        arrow::ipc::internal::OpenRecordBatchWriter(
                            std::make_unique<Gatherer>(answer->payloads_), schema,
                            arrow::ipc::IpcWriteOptions::Defaults()));
  for (const auto& batch : batches) {
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
    answer->rows_ += batch->num_rows();
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_RETURN_NOT_OK(answer->Complete());
  return answer;
}

arrow::Result<AnswerPtr> Answer::FromStream(std::shared_ptr<arrow::Buffer> stream) {
  ARROW_ASSIGN_OR_RAISE(
      auto reader, arrow::ipc::RecordBatchStreamReader::Open(
                       std::make_shared<arrow::io::BufferReader>(std::move(stream))));
  ARROW_ASSIGN_OR_RAISE(const auto batches, reader->ToRecordBatches());
  for (const auto& batch : batches) ARROW_RETURN_NOT_OK(batch->ValidateFull());
  return Encode(reader->schema(), batches);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> Answer::ToStream() const {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create(bytes_));
  const auto options = arrow::ipc::IpcWriteOptions::Defaults();
  for (const IpcPayload& payload : payloads_) {
    int32_t length = 0;
    ARROW_RETURN_NOT_OK(
        arrow::ipc::WriteIpcPayload(payload, options, sink.get(), &length));
  }
  return sink->Finish();
}

arrow::Status Answer::Complete() {
  for (const IpcPayload& payload : payloads_) {
    bytes_ += payload.metadata->size() + payload.body_length;
  }
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  int32_t length = 0;
  ARROW_RETURN_NOT_OK(arrow::ipc::WriteIpcPayload(
      payloads_.front(), arrow::ipc::IpcWriteOptions::Defaults(), sink.get(), &length));
  ARROW_ASSIGN_OR_RAISE(const auto message, sink->Finish());
  schema_message_ = message->ToString();
  bytes_ += static_cast<int64_t>(schema_message_.size());
  return arrow::Status::OK();
}

std::shared_ptr<arrow::RecordBatchReader> Answer::Read() const {
  return std::make_shared<Reader>(schema_, payloads_);
}

}  // namespace pintail::cache
