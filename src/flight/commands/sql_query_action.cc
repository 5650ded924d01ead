#include <string>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/memory.h"
#include "columnar/batch_writer.h"
#include "flight/commands/commands.h"
#include "flight/door.h"
#include "flight/json_reader.h"
#include "flight/request_kind.h"

namespace pintail::flight::commands {
namespace {

using base::ErrorKind;

// The SQL in the action's body: the text itself, or JSON around it.
arrow::Result<std::string> SqlOf(std::string_view body, int max_nesting) {
  if (KindOfRequest(body) != RequestKind::kJson) return std::string(body);
  ARROW_ASSIGN_OR_RAISE(const JsonObject object, ReadJsonObject(body, max_nesting));
  for (const char* key : {"data", "sql"}) {
    const auto found = object.find(key);
    if (found == object.end()) continue;
    if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  }
  return base::MakeError(ErrorKind::kInvalidArgument,
                         "The action's body lacks the SQL: send the text itself, or "
                         "{\"type\":\"sql.query\",\"data\":\"SELECT …\"}");
}

// A row a result, as a JSON object; batches are turned into text one at a time.
class JsonRows final : public fl::ResultStream {
 public:
  explicit JsonRows(gateway::StatementResult result) : result_(std::move(result)) {}

  arrow::Result<std::unique_ptr<fl::Result>> Next() override {
    while (position_ == text_.size()) {
      ARROW_ASSIGN_OR_RAISE(const bool more, NextBatch());
      if (!more) return AtEnd();
    }
    const size_t end = std::min(text_.find('\n', position_), text_.size());
    auto row = MakeResult(text_.substr(position_, end - position_));
    position_ = std::min(end + 1, text_.size());
    return row;
  }

 private:
  static std::unique_ptr<fl::Result> MakeResult(std::string text) {
    auto result = std::make_unique<fl::Result>();
    result->body = arrow::Buffer::FromString(std::move(text));
    return result;
  }

  arrow::Result<bool> NextBatch() {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(result_.rows->ReadNext(&batch));
    if (!batch) return false;
    ARROW_ASSIGN_OR_RAISE(auto output, arrow::io::BufferOutputStream::Create());
    ARROW_ASSIGN_OR_RAISE(
        auto writer, columnar::MakeBatchWriter(columnar::Format::kNdjson, batch->schema(),
                                               output.get()));
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
    ARROW_RETURN_NOT_OK(writer->Close());
    ARROW_ASSIGN_OR_RAISE(auto buffer, output->Finish());
    text_ = buffer->ToString();
    position_ = 0;
    return true;
  }

  // A statement without rows says what it did instead.
  std::unique_ptr<fl::Result> AtEnd() {
    if (ended_ || result_.traits.returns_rows) return nullptr;
    ended_ = true;
    return MakeResult(
        "{\"rows_affected\":" + std::to_string(result_.rows_changed.value_or(0)) + "}");
  }

  gateway::StatementResult result_;
  std::string text_;
  size_t position_ = 0;
  bool ended_ = false;
};

}  // namespace

arrow::Result<std::unique_ptr<fl::ResultStream>> RunSqlQueryAction(
    Call& call, std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(std::string text,
                        SqlOf(body, call.door().options.limits.max_nesting));
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto result, call.gateway().Execute(call.context(), session,
                                                            {.sql = std::move(text)}));
  return std::make_unique<JsonRows>(std::move(result));
}

}  // namespace pintail::flight::commands
