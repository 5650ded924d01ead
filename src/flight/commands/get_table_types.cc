#include <set>
#include <string>

#include "arrow/array/array_binary.h"
#include "arrow/array/builder_binary.h"
#include "arrow/record_batch.h"
#include "flight/commands/commands.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {

StreamResult GetTableTypes(Call& call) {
  // The types that tools ask for by name are there in any database; what else there is
  // shows in the tables themselves.
  std::set<std::string> types = {"LOCAL TEMPORARY", "TABLE", "VIEW"};
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto tables, call.gateway().Tables(call.context(), session, {}));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(tables->ReadNext(&batch));
    if (!batch) break;
    const auto& column =
        static_cast<const arrow::StringArray&>(*batch->GetColumnByName("type"));
    for (int64_t i = 0; i < column.length(); ++i) types.insert(column.GetString(i));
  }
  arrow::StringBuilder builder;
  for (const std::string& type : types) ARROW_RETURN_NOT_OK(builder.Append(type));
  ARROW_ASSIGN_OR_RAISE(auto column, builder.Finish());
  const auto& schema = sql::SqlSchema::GetTableTypesSchema();
  auto batch = arrow::RecordBatch::Make(schema, column->length(), {column});
  ARROW_ASSIGN_OR_RAISE(auto rows, arrow::RecordBatchReader::Make({batch}, schema));
  return StreamOf(std::move(rows));
}

}  // namespace pintail::flight::commands
