#include <utility>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/util/byte_size.h"
#include "flight/commands/commands.h"
#include "flight/door.h"
#include "flight/result_stream.h"
#include "flight/upload_reader.h"

namespace pintail::flight::commands {
namespace {

// All rows of parameters that the client sent, in one batch; null when it sent none.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadParameters(
    Call& call, fl::FlightMessageReader* reader) {
  const columnar::Limits& limits = call.door().options.limits;
  ARROW_ASSIGN_OR_RAISE(auto batches, UploadedBatches(reader, limits));
  std::vector<std::shared_ptr<arrow::RecordBatch>> read;
  int64_t bytes = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    if (!batch) break;
    bytes += arrow::util::TotalBufferSize(*batch);
    if (bytes > limits.max_batch_bytes) {
      return base::MakeError(base::ErrorKind::kResourceExhausted,
                             "The parameters are longer than ", limits.max_batch_bytes,
                             " bytes (limits.max_batch); bind fewer rows at a "
                             "time, or ingest them");
    }
    if (batch->num_rows() > 0) read.push_back(std::move(batch));
  }
  if (batches->schema()->num_fields() == 0) return nullptr;
  if (read.empty()) return arrow::RecordBatch::MakeEmpty(batches->schema());
  if (read.size() == 1) return read.front();
  return arrow::ConcatenateRecordBatches(read);
}

}  // namespace

arrow::Result<sql::ActionCreatePreparedStatementResult> CreatePrepared(
    Call& call, const sql::ActionCreatePreparedStatementRequest& request) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto prepared,
                        call.gateway().Prepare(call.context(), session, request.query,
                                               request.transaction_id));
  sql::ActionCreatePreparedStatementResult result;
  result.prepared_statement_handle = std::move(prepared.handle);
  // A JDBC driver takes a statement without a result schema for an update.
  if (prepared.traits.returns_rows) result.dataset_schema = std::move(prepared.schema);
  result.parameter_schema = std::move(prepared.parameter_schema);
  return result;
}

arrow::Status ClosePrepared(Call& call,
                            const sql::ActionClosePreparedStatementRequest& request) {
  return call.gateway().ClosePrepared(call.context(), request.prepared_statement_handle);
}

InfoResult PlanPrepared(Call& call, const std::string& handle,
                        const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(const auto cache, call.Cache());
  ARROW_ASSIGN_OR_RAISE(auto parked,
                        call.gateway().ParkPrepared(call.context(), handle, cache));
  return InfoOf(call, parked, descriptor);
}

SchemaResult DescribePrepared(Call& call, const std::string& handle) {
  ARROW_ASSIGN_OR_RAISE(const auto prepared,
                        call.gateway().DescribePrepared(call.context(), handle));
  return fl::SchemaResult::Make(*prepared.schema);
}

StreamResult FetchPrepared(Call& call, const std::string& handle) {
  // GetFlightInfo has run it already, or never did: either way this is no place for an
  // effect that must happen once.
  ARROW_ASSIGN_OR_RAISE(const auto prepared,
                        call.gateway().DescribePrepared(call.context(), handle));
  if (prepared.traits.has_effect()) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "A prepared ",
                           prepared.traits.verb,
                           " is run by GetFlightInfo or DoPut, not by DoGet: fetch its "
                           "rows with the ticket that GetFlightInfo gave");
  }
  ARROW_ASSIGN_OR_RAISE(const auto cache, call.Cache());
  ARROW_ASSIGN_OR_RAISE(auto parked,
                        call.gateway().ParkPrepared(call.context(), handle, cache));
  return FetchStatement(call, parked.handle);
}

arrow::Status BindPrepared(Call& call, const std::string& handle,
                           fl::FlightMessageReader* reader) {
  ARROW_ASSIGN_OR_RAISE(auto parameters, ReadParameters(call, reader));
  return call.gateway().Bind(call.context(), handle, std::move(parameters));
}

arrow::Result<int64_t> UpdatePrepared(Call& call, const std::string& handle,
                                      fl::FlightMessageReader* reader) {
  ARROW_ASSIGN_OR_RAISE(auto parameters, ReadParameters(call, reader));
  ARROW_ASSIGN_OR_RAISE(auto result, call.gateway().ExecutePrepared(
                                         call.context(), handle, std::move(parameters)));
  return RowsChanged(std::move(result));
}

}  // namespace pintail::flight::commands
