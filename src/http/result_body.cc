#include "http/result_body.h"

#include <chrono>
#include <string>

#include "arrow/builder.h"
#include "arrow/io/interfaces.h"
#include "arrow/ipc/writer.h"
#include "columnar/batch_writer.h"
#include "http/status.h"

namespace pintail::http {
namespace {

using columnar::Format;

arrow::Status WriteRows(arrow::RecordBatchReader& rows, Format format,
                        Response& response) {
  ARROW_ASSIGN_OR_RAISE(
      auto writer, columnar::MakeBatchWriter(format, rows.schema(), response.body()));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
    if (!batch) break;
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
  }
  return writer->Close();
}

// The messages of a kept answer as they are.
arrow::Status WriteAnswer(const cache::Answer& answer, Response& response) {
  const auto options = arrow::ipc::IpcWriteOptions::Defaults();
  int32_t length = 0;
  for (const auto& payload : answer.payloads()) {
    ARROW_RETURN_NOT_OK(
        arrow::ipc::WriteIpcPayload(payload, options, response.body(), &length));
  }
  constexpr uint32_t kEndOfStream[] = {0xFFFFFFFF, 0};
  return response.body()->Write(kEndOfStream, sizeof(kEndOfStream));
}

void TellCache(const gateway::CacheNote& note, Response& response) {
  response.SetHeader("Pintail-Cache", gateway::CacheOutcomeName(note.outcome));
  if (note.outcome != gateway::CacheOutcome::kHit &&
      note.outcome != gateway::CacheOutcome::kStale) {
    return;
  }
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(note.age);
  response.SetHeader("Age", std::to_string(age.count()));
}

arrow::Status WriteRowsChanged(std::optional<int64_t> rows_changed, Format format,
                               Response& response) {
  if (format == Format::kJson || format == Format::kNdjson) {
    const std::string json =
        "{\"rows_changed\":" + (rows_changed ? std::to_string(*rows_changed) : "null") +
        "}\n";
    return response.body()->Write(json.data(), static_cast<int64_t>(json.size()));
  }
  arrow::Int64Builder column;
  ARROW_RETURN_NOT_OK(rows_changed ? column.Append(*rows_changed) : column.AppendNull());
  ARROW_ASSIGN_OR_RAISE(auto array, column.Finish());
  const auto schema = arrow::schema({arrow::field("rows_changed", arrow::int64())});
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        columnar::MakeBatchWriter(format, schema, response.body()));
  ARROW_RETURN_NOT_OK(writer->Write(*arrow::RecordBatch::Make(schema, 1, {array})));
  return writer->Close();
}

}  // namespace

arrow::Status WriteResult(const base::CallContext& call, gateway::StatementResult result,
                          Format format, Response& response) {
  response.SetHeader("Content-Type", columnar::MediaTypeOf(format));
  if (result.rows->schema()->num_fields() == 0) {
    return WriteRowsChanged(result.rows_changed, format, response);
  }
  TellCache(result.cache, response);
  if (format == Format::kArrowStream && result.cache.answer) {
    return WriteAnswer(*result.cache.answer, response);
  }
  const arrow::Status written = WriteRows(*result.rows, format, response);
  if (written.ok() || !response.committed() || format != Format::kNdjson) return written;
  const std::string trailer =
      ErrorBody(ErrorStyle::kCoded, ErrorOf(written), call.request_id());
  // The client may be the one that went away.
  (void)response.body()->Write(trailer.data(), static_cast<int64_t>(trailer.size())).ok();
  return written;
}

}  // namespace pintail::http
