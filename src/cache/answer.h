// A statement's rows as they go over the wire: Arrow IPC messages, encoded once and sent
// again and again without decoding or copying. Immutable once built; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/ipc/writer.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::cache {

class Answer {
 public:
  // Each batch's body becomes one buffer of its own, so that nothing else is kept alive.
  static arrow::Result<std::shared_ptr<const Answer>> Encode(
      const std::shared_ptr<arrow::Schema>& schema,
      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches);
  // From the IPC stream that ToStream gave; what Arrow says for one that is damaged.
  static arrow::Result<std::shared_ptr<const Answer>> FromStream(
      std::shared_ptr<arrow::Buffer> stream);
  arrow::Result<std::shared_ptr<arrow::Buffer>> ToStream() const;

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  // The schema's message, then dictionaries and batches in their order.
  const std::vector<arrow::ipc::IpcPayload>& payloads() const { return payloads_; }
  // The schema as a whole IPC message with its length before it, as FlightInfo has it.
  const std::string& schema_message() const { return schema_message_; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }  // memory that it takes, about

  // Its rows as batches that refer to the messages.
  std::shared_ptr<arrow::RecordBatchReader> Read() const;

 private:
  Answer() = default;
  arrow::Status Complete();

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<arrow::ipc::IpcPayload> payloads_;
  std::string schema_message_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

using AnswerPtr = std::shared_ptr<const Answer>;

}  // namespace pintail::cache
