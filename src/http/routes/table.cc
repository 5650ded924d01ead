// GET /v1/tables/{name}: a table's columns.
#include "arrow/array.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "http/json_text.h"
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"
#include "http/table_name.h"

namespace pintail::http {
namespace {

// One row of Gateway::Tables.
struct TableRow {
  std::string catalog;
  std::string schema;
  std::string name;
  std::string type;
  std::string remarks;
  std::optional<int64_t> estimated_rows;
};

std::string Text(const arrow::RecordBatch& batch, const char* column, int64_t row) {
  const auto array = batch.GetColumnByName(column);
  if (!array || array->IsNull(row) || array->type_id() != arrow::Type::STRING) return "";
  return std::string(static_cast<const arrow::StringArray&>(*array).GetView(row));
}

std::optional<int64_t> Integer(const arrow::RecordBatch& batch, const char* column,
                               int64_t row) {
  const auto array = batch.GetColumnByName(column);
  if (!array || array->IsNull(row) || array->type_id() != arrow::Type::INT64) {
    return std::nullopt;
  }
  return static_cast<const arrow::Int64Array&>(*array).Value(row);
}

bool Fits(const std::string& wanted, const std::string& found) {
  return wanted.empty() || EqualsIgnoreCase(wanted, found);
}

// The table's entry in the list of tables. Of several that fit a name without a schema,
// the default schema's.
arrow::Result<std::optional<TableRow>> FindRow(const RouteRooms& rooms,
                                               const Request& request,
                                               const gateway::SessionPtr& session,
                                               const engine::TableName& name) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, rooms.gateway.Tables(request.call, session, {}));
  std::optional<TableRow> found;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (!batch) return found;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      TableRow row{.catalog = Text(*batch, "catalog", i),
                   .schema = Text(*batch, "schema", i),
                   .name = Text(*batch, "name", i),
                   .type = Text(*batch, "type", i),
                   .remarks = Text(*batch, "remarks", i),
                   .estimated_rows = Integer(*batch, "estimated_rows", i)};
      if (!Fits(name.table, row.name) || !Fits(name.schema, row.schema) ||
          !Fits(name.catalog, row.catalog)) {
        continue;
      }
      if (!found || row.schema == "main") found = std::move(row);
    }
  }
}

std::string Metadata(const arrow::Field& field, const std::string& key) {
  if (!field.HasMetadata()) return "";
  return field.metadata()->Get(key).ValueOr("");
}

std::string TextOrNull(const std::string& text) {
  return text.empty() ? "null" : JsonQuote(text);
}

std::string ColumnsBody(const arrow::Schema& schema) {
  std::string body = "[";
  for (const auto& field : schema.fields()) {
    if (body.size() > 1) body += ",";
    body += "{\"name\":" + JsonQuote(field->name()) +
            ",\"type\":" + TextOrNull(Metadata(*field, "TYPE_NAME")) +
            ",\"arrow_type\":" + JsonQuote(field->type()->ToString()) +
            ",\"nullable\":" + (field->nullable() ? "true" : "false") +
            ",\"remarks\":" + TextOrNull(Metadata(*field, "REMARKS")) + "}";
  }
  return body + "]";
}

struct Found {
  engine::TableName name;
  std::shared_ptr<arrow::Schema> schema;
};

// A name with dots may be one table's own: that is looked for first.
arrow::Result<Found> FindTable(const RouteRooms& rooms, const Request& request,
                               const gateway::SessionPtr& session) {
  const std::string& text = request.path_values.at("name");
  const engine::TableName whole{.table = text};
  auto schema = rooms.gateway.TableSchema(request.call, session, whole);
  if (schema.ok()) return Found{.name = whole, .schema = *schema};
  const auto parsed = ParseTableName(text);
  if (base::KindOf(schema.status()) != base::ErrorKind::kNotFound || !parsed.ok() ||
      *parsed == whole) {
    return schema.status();
  }
  ARROW_ASSIGN_OR_RAISE(auto parts,
                        rooms.gateway.TableSchema(request.call, session, *parsed));
  return Found{.name = *parsed, .schema = std::move(parts)};
}

arrow::Status AnswerTable(const RouteRooms& rooms, const Request& request,
                          Response& response) {
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(request, rooms.gateway));
  ARROW_ASSIGN_OR_RAISE(const Found table, FindTable(rooms, request, session));
  const engine::TableName& name = table.name;
  ARROW_ASSIGN_OR_RAISE(const auto found, FindRow(rooms, request, session, name));
  const TableRow row = found.value_or(
      TableRow{.catalog = name.catalog, .schema = name.schema, .name = name.table});
  return response.SendJson(
      200, "{\"catalog\":" + TextOrNull(row.catalog) +
               ",\"schema\":" + TextOrNull(row.schema) +
               ",\"name\":" + JsonQuote(row.name) + ",\"type\":" + TextOrNull(row.type) +
               ",\"remarks\":" + TextOrNull(row.remarks) + ",\"estimated_rows\":" +
               (row.estimated_rows ? std::to_string(*row.estimated_rows) : "null") +
               ",\"columns\":" + ColumnsBody(*table.schema) + "}\n");
}

}  // namespace

Route TableRoute(const RouteRooms& rooms) {
  return {
      .method = "GET",
      .pattern = "/v1/tables/{name}",
      .operation = {.id = "table",
                    .tag = "Catalog",
                    .summary = "Describe a table",
                    .description =
                        "`name` is table, schema.table or catalog.schema.table; a "
                        "part of several that holds a dot stands in double quotes.",
                    .parameters = R"({"$ref": "#/components/parameters/Session"},
                 {"$ref": "#/components/parameters/RequestId"})",
                    .responses = R"("200": {"description": "The table and its columns",
                 "content": {"application/json": {"schema": {"$ref":
                   "#/components/schemas/TableWithColumns"}}}},
                 "404": {"$ref": "#/components/responses/Error"})"},
      .handle = [rooms](const Request& request, Response& response) {
        return AnswerTable(rooms, request, response);
      }};
}

}  // namespace pintail::http
