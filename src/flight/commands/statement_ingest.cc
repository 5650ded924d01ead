#include <utility>

#include "flight/commands/commands.h"
#include "flight/door.h"
#include "flight/put_command.h"
#include "flight/upload_reader.h"

namespace pintail::flight::commands {
namespace {

using base::ErrorKind;
using gateway::IngestMode;
using NotExist = sql::TableDefinitionOptionsTableNotExistOption;
using Exists = sql::TableDefinitionOptionsTableExistsOption;

arrow::Status CheckThereIs(Call& call, const engine::TableName& table) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  return call.gateway().TableSchema(call.context(), session, table).status();
}

// The mode that both options together mean.
arrow::Result<IngestMode> ModeOf(Call& call, const sql::TableDefinitionOptions& options,
                                 const engine::TableName& table) {
  const bool create = options.if_not_exist == NotExist::kCreate;
  const bool fail = options.if_not_exist == NotExist::kFail;
  if (create && options.if_exists == Exists::kFail) return IngestMode::kCreate;
  if (create && options.if_exists == Exists::kAppend) return IngestMode::kCreateOrAppend;
  if (create && options.if_exists == Exists::kReplace) return IngestMode::kReplace;
  if (fail && options.if_exists == Exists::kAppend) return IngestMode::kAppend;
  if (fail && options.if_exists == Exists::kReplace) {
    ARROW_RETURN_NOT_OK(CheckThereIs(call, table));
    return IngestMode::kReplace;
  }
  if (fail && options.if_exists == Exists::kFail) {
    return base::MakeError(ErrorKind::kInvalidArgument,
                           "The ingest is to fail whether the table exists or not");
  }
  return base::MakeError(
      ErrorKind::kInvalidArgument,
      "The ingest has to say what to do when the table exists and when "
      "it does not: both table definition options are needed");
}

// Options of the command that mean the same as the keys of a plain upload's command.
arrow::Status ApplyOption(const std::string& key, const std::string& value,
                          gateway::IngestRequest* request) {
  if (key == "schema_policy") {
    ARROW_ASSIGN_OR_RAISE(request->schema_policy, columnar::ParseSchemaPolicy(value));
  } else if (key == "stream_name") {
    request->stream = value;
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<int64_t> Ingest(Call& call, const sql::StatementIngest& command,
                              fl::FlightMessageReader* reader) {
  if (command.table.empty()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "The ingest names no table");
  }
  gateway::IngestRequest request{
      .table = {command.catalog.value_or(""), command.schema.value_or(""), command.table},
      .temporary = command.temporary,
      .transaction_id = command.transaction_id.value_or("")};
  ARROW_ASSIGN_OR_RAISE(request.mode,
                        ModeOf(call, command.table_definition_options, request.table));
  for (const auto& [key, value] : command.options) {
    ARROW_RETURN_NOT_OK(ApplyOption(key, value, &request));
  }
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto batches,
                        UploadedBatches(reader, call.door().options.limits));
  ARROW_ASSIGN_OR_RAISE(
      auto result,
      call.gateway().Ingest(call.context(), session, request, std::move(batches), {}));
  return result.rows;
}

}  // namespace pintail::flight::commands
