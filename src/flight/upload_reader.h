// Reads what a client uploads in a DoPut.
//
// Arrow's own reader would decode with options nobody can set: without a bound on what a
// compressed buffer unpacks to, and without aligning what gRPC delivered askew. So the
// messages are taken before Arrow sees them (GrpcCall), and decoded here under a
// columnar::BoundedPool. Arrow's reader is still what pulls the messages from gRPC.
// Belongs to one call's thread.
#pragma once

#include <memory>

#include "arrow/flight/server.h"
#include "arrow/record_batch.h"
#include "columnar/limits.h"
#include "flight/call.h"

namespace pintail::flight {

class UploadReader final : public arrow::flight::FlightMessageReader {
 public:
  // `inner` is the reader that Arrow's server made for the call.
  UploadReader(std::shared_ptr<Call> call,
               std::unique_ptr<arrow::flight::FlightMessageReader> inner,
               const columnar::Limits& limits);
  ~UploadReader() override;

  const arrow::flight::FlightDescriptor& descriptor() const override;
  arrow::Result<std::shared_ptr<arrow::Schema>> GetSchema() override;
  // A chunk with neither data nor metadata is the end.
  arrow::Result<arrow::flight::FlightStreamChunk> Next() override;
  arrow::ipc::ReadStats stats() const override;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

// The batches of an upload, each checked in full before it is handed on (see
// columnar::Validated). `reader` outlives the result.
arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> UploadedBatches(
    arrow::flight::FlightMessageReader* reader, const columnar::Limits& limits);

}  // namespace pintail::flight
