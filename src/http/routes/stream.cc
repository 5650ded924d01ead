// POST /stream/{name}: what the stream bridge's clients send, a JSON document with an
// Arrow IPC stream in base64.
#include "arrow/io/memory.h"
#include "columnar/batch_reader.h"
#include "columnar/body_codec.h"
#include "http/json_text.h"
#include "http/observed_reader.h"
#include "http/query_document.h"
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"
#include "http/stream_document.h"

namespace pintail::http {
namespace {

// These clients take every failure of their data as a 500.
arrow::Status Unprocessed(const arrow::Status& why) {
  return Refusal(500, "internal", "Failed to process stream: " + why.message());
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> OpenArrow(
    std::string_view base64, const columnar::Limits& limits) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, columnar::DecodeBase64(base64));
  return columnar::OpenBatchReader(
      columnar::Format::kArrowStream,
      std::make_shared<arrow::io::BufferReader>(std::move(bytes)), {.limits = limits});
}

arrow::Result<std::shared_ptr<ObservedReader>> OpenBatches(
    const StreamDocument& document, const columnar::Limits& limits) {
  // Whether it is a schema at all; the data bring their own.
  ARROW_RETURN_NOT_OK(OpenArrow(document.arrow_schema, limits).status());
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenArrow(document.data, limits));
  ARROW_ASSIGN_OR_RAISE(reader, columnar::Validated(std::move(reader), limits));
  return std::make_shared<ObservedReader>(std::move(reader));
}

// What parsing takes: the list of where values begin, and strings that are escaped.
int64_t ParsingBytes(const Document& document) {
  constexpr int64_t kBytesPerValue = 2 * 4;
  const bool escaped = document.text().contains('\\');
  return kBytesPerValue * MostValues(document) +
         (escaped ? static_cast<int64_t>(document.size) : 0);
}

// Of the base64 members.
int64_t DecodedBytes(const StreamDocument& document) {
  return static_cast<int64_t>((document.arrow_schema.size() + document.data.size()) / 4 *
                              3);
}

bool IsOverload(const arrow::Status& status) {
  const base::ErrorKind kind = base::KindOf(status);
  return kind == base::ErrorKind::kUnavailable || kind == base::ErrorKind::kCancelled ||
         kind == base::ErrorKind::kDeadlineExceeded ||
         kind == base::ErrorKind::kResourceExhausted;
}

arrow::Status AnswerStream(const RouteRooms& rooms, const Request& request,
                           Response& response) {
  const columnar::Limits& limits = rooms.gateway.options().limits;
  DocumentBudget::Share memory(rooms.documents);
  arrow::Result<Document> body = ReadDocument(
      request, limits, rooms.options.max_document_bytes, JsonPadding(), memory);
  if (!body.ok()) return BodyRefusal(body.status());
  ARROW_RETURN_NOT_OK(memory.Grow(ParsingBytes(*body)));
  auto parsed = ParseStreamDocument(*body);
  if (const auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) {
    return response.SendJson(422, DetailBody(*errors));
  }
  const auto& document = std::get<StreamDocument>(parsed);
  const int64_t decoded = DecodedBytes(document);
  ARROW_RETURN_NOT_OK(memory.Grow(decoded));
  auto batches = OpenBatches(document, limits);
  if (!batches.ok()) return Unprocessed(batches.status());
  body->buffer.reset();  // the batches have their own bytes by now
  memory.ShrinkTo(decoded);

  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  const std::string& name = request.path_values.at("name");
  gateway::IngestRequest ingest;
  ingest.stream = name;
  ingest.table.table = document.config.target_table;
  ingest.chunk_rows = document.config.chunk_size;
  ARROW_ASSIGN_OR_RAISE(ingest.key, PutKeyOf(request));
  const auto result = rooms.gateway.Ingest(request.call, session, ingest, *batches, {});
  if (!result.ok()) {
    const bool theirs = !(*batches)->failure().ok() || !IsOverload(result.status());
    return theirs ? Unprocessed(result.status()) : result.status();
  }
  return response.SendJson(200,
                           "{\"status\":\"success\",\"stream\":" + JsonQuote(name) +
                               ",\"rows_processed\":" + std::to_string(result->rows) +
                               ",\"storage_backend\":\"duckdb\",\"message\":\"Data "
                               "processed successfully\"" +
                               (result->repeated ? ",\"repeated\":true}" : "}"));
}

}  // namespace

Route StreamRoute(const RouteRooms& rooms) {
  return {
      .method = "POST",
      .pattern = "/stream/{name}",
      .operation =
          {.id = "stream",
           .tag = "Stream bridge",
           .summary = "Write an Arrow IPC stream given in JSON",
           .description =
               "As the older stream bridge takes it: all rows are committed, or none. "
               "The "
               "IPC stream carries its own schema and may be compressed. `chunk_size` is "
               "how many rows are put into the table at a time; `compression` and "
               "`storage_backend` are checked and otherwise have no effect. For new "
               "programs `/v1/ingest/{table}` is faster.",
           .parameters = R"({"$ref": "#/components/parameters/IdempotencyKey"})",
           .request_body =
               R"({"required": true, "content": {"application/json": {"schema":
             {"$ref": "#/components/schemas/StreamBatch"}}}})",
           .responses = R"("200": {"description": "Committed", "content":
             {"application/json": {"schema": {"$ref":
               "#/components/schemas/StreamResult"}}}},
             "422": {"description": "Missing or wrong fields", "content":
             {"application/json": {"schema": {"$ref":
               "#/components/schemas/ValidationErrors"}}}},
             "500": {"description": "Data that cannot be read or stored", "content":
             {"application/json": {"schema": {"$ref": "#/components/schemas/Detail"}}}})"},
      .handle =
          [rooms](const Request& request, Response& response) {
            return AnswerStream(rooms, request, response);
          },
      .body = BodyUse::kDocument,
      .errors = ErrorStyle::kDetail};
}

}  // namespace pintail::http
