#include "cli/client.h"

#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "arrow/flight/client.h"
#include "arrow/flight/client_cookie_middleware.h"
#include "arrow/flight/sql/client.h"
#include "arrow/flight/sql/column_metadata.h"
#include "arrow/flight/types_async.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "columnar/target_column.h"

namespace pintail::cli {
namespace {

namespace fl = arrow::flight;
namespace sql = arrow::flight::sql;

constexpr int kNoLimit = -1;

// What is under way and can be cancelled. Shared with the reader of its rows.
class Running {
 public:
  void Set(std::shared_ptr<fl::AsyncListenerBase> call) {
    const std::lock_guard lock(mutex_);
    call_ = std::move(call);
    if (call_ && cancelled_) call_->TryCancel();
  }
  void Set(std::weak_ptr<fl::FlightStreamReader> stream) {
    const std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
    if (const auto open = stream_.lock(); open && cancelled_) open->Cancel();
  }
  void Begin() {
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
    stream_.reset();
  }
  void Cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (call_) call_->TryCancel();
    if (const auto stream = stream_.lock()) stream->Cancel();
  }
  bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

 private:
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::shared_ptr<fl::AsyncListenerBase> call_;
  std::weak_ptr<fl::FlightStreamReader> stream_;
};

arrow::Status Cancelled() {
  return base::MakeError(base::ErrorKind::kCancelled, "cancelled");
}

// Waits for the answer of one GetFlightInfo.
class InfoListener final : public fl::AsyncListener<fl::FlightInfo> {
 public:
  void OnNext(fl::FlightInfo message) override {
    const std::lock_guard lock(mutex_);
    result_ = std::move(message);
  }
  void OnFinish(arrow::Status status) override {
    const std::lock_guard lock(mutex_);
    if (!status.ok()) result_ = std::move(status);
    finished_ = true;
    changed_.notify_all();
  }
  arrow::Result<fl::FlightInfo> Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_; });
    return std::move(result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
  arrow::Result<fl::FlightInfo> result_ = arrow::Status::UnknownError("no answer");
};

// A Flight SQL client whose statements can be cancelled while the server still works on
// the first answer: a statement with an effect runs there.
class CancellableClient final : public sql::FlightSqlClient {
 public:
  CancellableClient(std::shared_ptr<fl::FlightClient> client,
                    std::shared_ptr<Running> running)
      : sql::FlightSqlClient(client),
        client_(std::move(client)),
        running_(std::move(running)) {}

  arrow::Result<std::unique_ptr<fl::FlightInfo>> GetFlightInfo(
      const fl::FlightCallOptions& options,
      const fl::FlightDescriptor& descriptor) override {
    auto listener = std::make_shared<InfoListener>();
    client_->GetFlightInfoAsync(options, descriptor, listener);
    running_->Set(listener);
    auto answer = listener->Wait();
    running_->Set(std::shared_ptr<fl::AsyncListenerBase>());
    ARROW_ASSIGN_OR_RAISE(auto result, std::move(answer));
    return std::make_unique<fl::FlightInfo>(std::move(result));
  }

 private:
  const std::shared_ptr<fl::FlightClient> client_;
  const std::shared_ptr<Running> running_;
};

class NoRows final : public arrow::RecordBatchReader {
 public:
  std::shared_ptr<arrow::Schema> schema() const override { return arrow::schema({}); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    return arrow::Status::OK();
  }
};

// The server's own errors name their request; what the transport says does not, and is
// not for people.
arrow::Status ExplainLoss(const arrow::Status& status) {
  const auto detail = fl::FlightStatusDetail::UnwrapStatus(status);
  const bool lost = detail && detail->code() == fl::FlightStatusCode::Unavailable &&
                    status.message().find("(request ") == std::string::npos;
  if (!lost) return status;
  return base::MakeError(base::ErrorKind::kUnavailable,
                         "the connection to the server is lost; see whether it still "
                         "runs (`pintail health`), and try again");
}

// The rows of a statement, which end with Cancelled once that was asked for.
class AnswerReader final : public arrow::RecordBatchReader {
 public:
  AnswerReader(std::shared_ptr<fl::FlightStreamReader> stream,
               std::shared_ptr<arrow::Schema> schema, std::shared_ptr<Running> running)
      : stream_(std::move(stream)),
        schema_(std::move(schema)),
        running_(std::move(running)) {}
  ~AnswerReader() override {
    if (!ended_) stream_->Cancel();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    auto chunk = stream_->Next();
    ended_ = !chunk.ok() || !chunk->data;
    if (running_->cancelled()) return Cancelled();
    if (!chunk.ok()) return ExplainLoss(chunk.status());
    *batch = chunk->data;
    return arrow::Status::OK();
  }

 private:
  const std::shared_ptr<fl::FlightStreamReader> stream_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<Running> running_;
  bool ended_ = false;
};

std::string QuotedName(const std::string& name) {
  std::string quoted = "\"";
  for (const char letter : name)
    quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

// The types' names where the readers look for them.
std::shared_ptr<arrow::Schema> WithTypeNames(const arrow::Schema& schema) {
  arrow::FieldVector fields = schema.fields();
  for (auto& field : fields) {
    if (!field->metadata()) continue;
    const sql::ColumnMetadata facts(field->metadata());
    const auto name = facts.GetTypeName();
    if (!name.ok()) continue;
    field = field->WithMetadata(arrow::key_value_metadata(
        {std::string(columnar::kTypeNameKey)}, {std::string(*name)}));
  }
  return arrow::schema(std::move(fields));
}

class SqlClient final : public Client {
 public:
  SqlClient(std::string url, std::shared_ptr<fl::FlightClient> client)
      : url_(std::move(url)), client_(std::move(client), running_) {}

  ~SqlClient() override {
    // A server that is gone has no session to close.
    if (reached_) static_cast<void>(client_.CloseSession(Options(), {}));
    static_cast<void>(client_.Close());
  }

  arrow::Result<Answer> Run(const std::string& text,
                            std::shared_ptr<arrow::RecordBatch> parameters) override {
    running_->Begin();
    auto answer = TryRun(text, std::move(parameters));
    if (running_->cancelled()) return Cancelled();
    if (!answer.ok()) return Explain(answer.status());
    reached_ = true;
    return answer;
  }

  arrow::Result<std::shared_ptr<arrow::Schema>> Columns(
      const IngestTarget& target) override {
    const std::shared_ptr<arrow::Schema> none;
    if (target.mode == IngestMode::kCreate || target.mode == IngestMode::kReplace) {
      return none;
    }
    std::vector<std::string> path;
    for (const auto& part : {target.catalog, target.schema}) {
      if (!part.empty()) path.push_back(part);
    }
    // A path of one name would be parsed for dots.
    path.push_back(path.empty() ? QuotedName(target.table) : target.table);
    auto answer = client_.GetSchema(Options(), fl::FlightDescriptor::Path(path));
    if (answer.status().IsKeyError()) return none;
    if (!answer.ok()) return Explain(answer.status());
    reached_ = true;
    arrow::ipc::DictionaryMemo memo;
    ARROW_ASSIGN_OR_RAISE(const auto schema, (*answer)->GetSchema(&memo));
    return WithTypeNames(*schema);
  }

  arrow::Result<int64_t> Ingest(
      const IngestTarget& target,
      std::shared_ptr<arrow::RecordBatchReader> batches) override {
    using Missing = sql::TableDefinitionOptionsTableNotExistOption;
    using Existing = sql::TableDefinitionOptionsTableExistsOption;
    sql::TableDefinitionOptions table;
    table.if_not_exist =
        target.mode == IngestMode::kAppend ? Missing::kFail : Missing::kCreate;
    table.if_exists = target.mode == IngestMode::kCreate    ? Existing::kFail
                      : target.mode == IngestMode::kReplace ? Existing::kReplace
                                                            : Existing::kAppend;
    const auto name = [](const std::string& part) {
      return part.empty() ? std::nullopt : std::optional(part);
    };
    std::unordered_map<std::string, std::string> options;
    if (!target.schema_policy.empty()) options["schema_policy"] = target.schema_policy;
    auto rows = client_.ExecuteIngest(Options(), batches, table, target.table,
                                      name(target.schema), name(target.catalog), false,
                                      sql::no_transaction(), options);
    if (!rows.ok()) return Explain(rows.status());
    reached_ = true;
    return rows;
  }

  void Cancel() override { running_->Cancel(); }

 private:
  static fl::FlightCallOptions Options() {
    fl::FlightCallOptions options;
    options.write_options.unify_dictionaries = true;
    // gRPC gives buffers wherever they lie in its message.
    options.read_options.ensure_alignment =
        arrow::ipc::Alignment::kDataTypeSpecificAlignment;
    return options;
  }

  arrow::Result<std::unique_ptr<fl::FlightInfo>> Ask(
      const std::string& text, std::shared_ptr<arrow::RecordBatch> parameters,
      std::shared_ptr<sql::PreparedStatement>* prepared) {
    if (!parameters) return client_.Execute(Options(), text);
    ARROW_ASSIGN_OR_RAISE(*prepared, client_.Prepare(Options(), text));
    ARROW_RETURN_NOT_OK((*prepared)->SetParameters(std::move(parameters)));
    return (*prepared)->Execute(Options());
  }

  arrow::Result<Answer> TryRun(const std::string& text,
                               std::shared_ptr<arrow::RecordBatch> parameters) {
    std::shared_ptr<sql::PreparedStatement> prepared;
    ARROW_ASSIGN_OR_RAISE(const auto info, Ask(text, std::move(parameters), &prepared));
    arrow::ipc::DictionaryMemo memo;
    ARROW_ASSIGN_OR_RAISE(auto schema, info->GetSchema(&memo));
    Answer answer;
    if (schema->num_fields() == 0) {
      if (info->total_records() >= 0) answer.rows_changed = info->total_records();
      answer.rows = std::make_shared<NoRows>();
      return answer;
    }
    if (info->endpoints().size() != 1) {
      return base::MakeError(base::ErrorKind::kUnimplemented, "the server answers in ",
                             info->endpoints().size(), " parts; one is expected");
    }
    ARROW_ASSIGN_OR_RAISE(auto opened,
                          client_.DoGet(Options(), info->endpoints().front().ticket));
    std::shared_ptr<fl::FlightStreamReader> stream = std::move(opened);
    running_->Set(std::weak_ptr(stream));
    // A type that depends on parameters is only known once the statement runs.
    ARROW_ASSIGN_OR_RAISE(schema, stream->GetSchema());
    answer.rows =
        std::make_shared<AnswerReader>(std::move(stream), std::move(schema), running_);
    return answer;
  }

  // A server that does not answer needs more words than the transport has.
  arrow::Status Explain(const arrow::Status& status) const {
    const auto detail = fl::FlightStatusDetail::UnwrapStatus(status);
    if (!detail || detail->code() != fl::FlightStatusCode::Unavailable) return status;
    if (reached_) return ExplainLoss(status);
    return base::MakeError(
        base::ErrorKind::kUnavailable, "cannot reach a server at ", url_,
        "; start one with `pintail serve`, or name another with --url");
  }

  const std::string url_;
  const std::shared_ptr<Running> running_ = std::make_shared<Running>();
  CancellableClient client_;
  bool reached_ = false;
};

std::string WithScheme(const std::string& url) {
  return url.find("://") == std::string::npos ? "grpc://" + url : url;
}

arrow::Result<fl::Location> ParseAddress(const std::string& url) {
  auto location = fl::Location::Parse(WithScheme(url));
  const std::string rest = WithScheme(url).substr(WithScheme(url).find("://") + 3);
  if (location.ok() && location->scheme().starts_with("grpc") && !rest.empty()) {
    return location;
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, "\"", url,
                         "\" is not an address like grpc://127.0.0.1:50051");
}

}  // namespace

bool IsAddress(const std::string& url) { return ParseAddress(url).ok(); }

arrow::Result<std::unique_ptr<Client>> Client::Connect(const std::string& url) {
  ARROW_ASSIGN_OR_RAISE(const fl::Location location, ParseAddress(url));
  fl::FlightClientOptions options = fl::FlightClientOptions::Defaults();
  options.middleware.push_back(fl::GetCookieFactory());  // keeps the session
  options.generic_options.emplace_back("grpc.max_receive_message_length", kNoLimit);
  options.generic_options.emplace_back("grpc.max_metadata_size", 1 << 20);
  ARROW_ASSIGN_OR_RAISE(auto client, fl::FlightClient::Connect(location, options));
  return std::make_unique<SqlClient>(WithScheme(url), std::move(client));
}

}  // namespace pintail::cli
