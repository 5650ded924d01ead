#include <utility>

#include "arrow/flight/types.h"
#include "arrow/record_batch.h"
#include "flight/commands/commands.h"
#include "flight/door.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {
namespace {

// Closes a statement that was prepared only to be looked at.
class PreparedScope {
 public:
  PreparedScope(Call& call, std::string handle)
      : call_(call), handle_(std::move(handle)) {}
  PreparedScope(const PreparedScope&) = delete;
  PreparedScope& operator=(const PreparedScope&) = delete;
  ~PreparedScope() {
    // It may be gone with its session already, which is as well.
    (void)call_.gateway().ClosePrepared(call_.context(), handle_);
  }

 private:
  Call& call_;
  const std::string handle_;
};

// The rows of a parked result, which is spent when they are let go.
class FetchedRows final : public arrow::RecordBatchReader {
 public:
  FetchedRows(Call& call, std::string handle,
              std::shared_ptr<arrow::RecordBatchReader> rows)
      : call_(call), handle_(std::move(handle)), rows_(std::move(rows)) {}
  ~FetchedRows() override {
    rows_.reset();
    call_.door().spent.EndFetch(handle_, call_.context()->identity(), /*spent=*/true);
  }

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return rows_->ReadNext(batch);
  }

 private:
  Call& call_;
  const std::string handle_;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
};

// {"cache":"hit","age":3}
std::string CacheMetadata(const gateway::CacheNote& note) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(note.age).count();
  std::string text = "{\"cache\":\"";
  text += gateway::CacheOutcomeName(note.outcome);
  text += "\",\"age\":" + std::to_string(age) + "}";
  return text;
}

}  // namespace

InfoResult InfoOf(Call& call, const gateway::ParkedResult& parked,
                  const fl::FlightDescriptor& descriptor) {
  // Many a client never fetches what has no rows.
  if (parked.schema->num_fields() == 0) {
    call.door().spent.Add(parked.handle, call.context()->identity());
  }
  ARROW_ASSIGN_OR_RAISE(std::string ticket,
                        sql::CreateStatementQueryTicket(parked.handle));
  std::vector<fl::FlightEndpoint> endpoints = {
      fl::FlightEndpoint{fl::Ticket{std::move(ticket)}, {}, std::nullopt, ""}};
  if (parked.cache.answer) {
    return std::make_unique<fl::FlightInfo>(
        fl::FlightInfo::Data{.schema = parked.cache.answer->schema_message(),
                             .descriptor = descriptor,
                             .endpoints = std::move(endpoints),
                             .total_records = parked.cache.answer->rows(),
                             .total_bytes = -1,
                             .ordered = true,
                             .app_metadata = CacheMetadata(parked.cache)});
  }
  // Drivers take the number of records of a change for the rows affected.
  ARROW_ASSIGN_OR_RAISE(auto info,
                        fl::FlightInfo::Make(*parked.schema, descriptor, endpoints,
                                             parked.rows_changed.value_or(-1), -1, true,
                                             CacheMetadata(parked.cache)));
  return std::make_unique<fl::FlightInfo>(std::move(info));
}

InfoResult PlanStatement(Call& call, const sql::StatementQuery& command,
                         const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(const auto cache, call.Cache());
  ARROW_ASSIGN_OR_RAISE(auto parked,
                        call.gateway().Park(call.context(), session,
                                            {.sql = command.query,
                                             .transaction_id = command.transaction_id,
                                             .cache = cache}));
  return InfoOf(call, parked, descriptor);
}

StreamResult FetchStatement(Call& call, const std::string& handle) {
  SpentResults& spent = call.door().spent;
  spent.StartFetch(handle);
  auto result = call.gateway().Fetch(call.context(), handle);
  if (!result.ok()) {
    spent.EndFetch(handle, call.context()->identity(), /*spent=*/false);
    return result.status();
  }
  if (result->cache.answer) {
    // Whoever holds it: the entry may go before the last message.
    spent.EndFetch(handle, call.context()->identity(), /*spent=*/true);
    return StreamOf(std::move(result->cache.answer));
  }
  return StreamOf(std::make_shared<FetchedRows>(call, handle, std::move(result->rows)));
}

SchemaResult DescribeStatement(Call& call, const sql::StatementQuery& command) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto prepared,
                        call.gateway().Prepare(call.context(), session, command.query,
                                               command.transaction_id));
  const PreparedScope scope(call, prepared.handle);
  return fl::SchemaResult::Make(*prepared.schema);
}

StreamResult RunStatement(Call& call, std::string text, std::string transaction_id) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(const auto cache, call.Cache());
  ARROW_ASSIGN_OR_RAISE(
      auto result, call.gateway().Execute(call.context(), session,
                                          {.sql = std::move(text),
                                           .transaction_id = std::move(transaction_id),
                                           .cache = cache}));
  if (result.cache.answer) return StreamOf(std::move(result.cache.answer));
  return StreamOf(std::move(result.rows));
}

}  // namespace pintail::flight::commands
