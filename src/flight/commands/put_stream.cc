#include <string>
#include <utility>

#include "arrow/buffer.h"
#include "flight/commands/commands.h"
#include "flight/door.h"
#include "flight/json_reader.h"
#include "flight/put_command.h"
#include "flight/put_name.h"
#include "flight/request_kind.h"
#include "flight/sql_commands.h"
#include "flight/upload_reader.h"

namespace pintail::flight::commands {
namespace {

// What may be sent to a producer that did not ask for acknowledgements and may never read
// them: well under what HTTP/2 and gRPC take without the reader's doing.
constexpr int64_t kUnaskedBytes = 16 * 1024;

arrow::Result<gateway::IngestRequest> RequestOf(const fl::FlightDescriptor& descriptor,
                                                const fl::CallHeaders& headers,
                                                const columnar::Limits& limits) {
  ARROW_ASSIGN_OR_RAISE(const PutName name, PutNameInHeaders(headers));
  if (descriptor.type == fl::FlightDescriptor::PATH) {
    gateway::IngestRequest request;
    ARROW_ASSIGN_OR_RAISE(request.table, TableOfPath(descriptor.path));
    ARROW_ASSIGN_OR_RAISE(request.key, KeyOfPut({}, name));
    return request;
  }
  if (KindOfRequest(descriptor.cmd) == RequestKind::kJson) {
    return ParsePutCommand(descriptor.cmd, limits, name);
  }
  if (TypeOfMessage(descriptor.cmd)) return CheckSqlCommand("DoPut", descriptor.cmd);
  return base::MakeError(
      base::ErrorKind::kInvalidArgument,
      "The upload's descriptor is neither a path to a table nor a known command: send "
      "{\"stream_name\": \"…\"}, a table's path, or a Flight SQL command");
}

// Tells the producer after each commit how much is safe.
class Acknowledgements {
 public:
  Acknowledgements(Call& call, fl::FlightMetadataWriter* writer, bool asked)
      : call_(call), writer_(writer), asked_(asked) {}

  arrow::Status Commit(const gateway::IngestCommit& commit) {
    const std::string text = Numbers(commit.rows, commit.number, commit.position) + "}";
    if (!asked_ && sent_bytes_ + static_cast<int64_t>(text.size()) > kUnaskedBytes) {
      return arrow::Status::OK();
    }
    return Send(text);
  }

  arrow::Status End(const gateway::IngestResult& result) {
    return Send(Numbers(result.rows, result.commits, result.position) +
                ",\"done\":true,\"stream\":" + JsonText(result.stream) +
                ",\"table\":" + JsonText(engine::QuoteName(result.table)) +
                (result.repeated ? ",\"repeated\":true}" : "}"));
  }

 private:
  static std::string Numbers(int64_t rows, int64_t commit, uint64_t position) {
    const std::string numbers =
        "{\"rows\":" + std::to_string(rows) + ",\"commit\":" + std::to_string(commit);
    if (position == 0) return numbers;
    return numbers + ",\"position\":" + std::to_string(position);
  }

  arrow::Status Send(const std::string& text) {
    sent_bytes_ += static_cast<int64_t>(text.size());
    call_.AddBytesSent(static_cast<int64_t>(text.size()));
    call_.StartWaiting(ClientWait::kToTake);
    const arrow::Status status = writer_->WriteMetadata(*arrow::Buffer::FromString(text));
    call_.StopWaiting();
    return status;
  }

  Call& call_;
  fl::FlightMetadataWriter* const writer_;
  const bool asked_;
  int64_t sent_bytes_ = 0;
};

}  // namespace

arrow::Status PutStream(Call& call, const fl::CallHeaders& headers,
                        fl::FlightMessageReader* reader,
                        fl::FlightMetadataWriter* writer) {
  const columnar::Limits& limits = call.door().options.limits;
  ARROW_ASSIGN_OR_RAISE(auto request, RequestOf(reader->descriptor(), headers, limits));
  request.follows_commit_rules = true;
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto batches, UploadedBatches(reader, limits));
  Acknowledgements acknowledgements(call, writer,
                                    request.commit_rows || request.commit_interval);
  ARROW_ASSIGN_OR_RAISE(
      auto result,
      call.gateway().Ingest(call.context(), session, request, std::move(batches),
                            [&](const gateway::IngestCommit& commit) {
                              return acknowledgements.Commit(commit);
                            }));
  // The data is safe. A producer that left without waiting for this line does not change
  // that.
  (void)acknowledgements.End(result);
  return arrow::Status::OK();
}

}  // namespace pintail::flight::commands
