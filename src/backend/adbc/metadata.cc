#include "backend/adbc/metadata.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "arrow/array.h"
#include "arrow/c/bridge.h"
#include "arrow/table.h"
#include "backend/adbc/plain_columns.h"
#include "backend/adbc/result_reader.h"
#include "backend/adbc/sql_text.h"
#include "backend/adbc/sqlite_columns.h"
#include "base/error.h"
#include "columnar/batch_reader.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using engine::SqlDialect;
using ChannelPtr = std::shared_ptr<Channel>;
using Names = std::vector<std::string>;

arrow::Result<std::shared_ptr<arrow::Table>> ReadAll(const ChannelPtr& channel,
                                                     const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(auto statement, DriverStatement::Open(channel->connection()));
  ARROW_RETURN_NOT_OK(statement->SetSql(sql));
  ArrowArrayStream stream{};
  ARROW_RETURN_NOT_OK(channel->Run(statement.get(),
                                   [&] { return statement->Execute(&stream).status(); }));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        OpenResult(channel, std::move(statement), &stream));
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ToTable());
  return table->CombineChunks();
}

std::string TextAt(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return "";
  const auto scalar = column.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : "";
}

arrow::Result<Names> FirstColumn(const ChannelPtr& channel, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const auto table, ReadAll(channel, sql));
  Names names;
  if (table->num_columns() == 0) return names;
  for (const auto& chunk : table->column(0)->chunks()) {
    for (int64_t row = 0; row < chunk->length(); ++row) {
      names.push_back(TextAt(*chunk, row));
    }
  }
  return names;
}

// One level of GetObjects' answer: a list of structs, whose first field is a name.
struct Level {
  std::shared_ptr<arrow::ListArray> list;

  // Calls visit(name, row of the structs) for what belongs to `row`.
  arrow::Status Visit(
      int64_t row,
      const std::function<arrow::Status(const std::string&, const arrow::StructArray&,
                                        int64_t)>& visit) const {
    if (!list || list->IsNull(row)) return arrow::Status::OK();
    const auto structs = std::dynamic_pointer_cast<arrow::StructArray>(list->values());
    if (!structs || structs->num_fields() == 0) {
      return base::MakeError(ErrorKind::kInternal,
                             "the driver's list of objects has another form than ADBC's");
    }
    for (int64_t i = list->value_offset(row); i < list->value_offset(row + 1); ++i) {
      ARROW_RETURN_NOT_OK(visit(TextAt(*structs->field(0), i), *structs, i));
    }
    return arrow::Status::OK();
  }
};

Level Inner(const arrow::StructArray& structs) {
  if (structs.num_fields() < 2) return {};
  return {std::dynamic_pointer_cast<arrow::ListArray>(structs.field(1))};
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> GetObjects(
    const ChannelPtr& channel, int depth, const char* schema) {
  AdbcFailure failure;
  ArrowArrayStream stream{};
  ARROW_RETURN_NOT_OK(channel->CheckAlive());
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcConnectionGetObjects(channel->connection()->raw(), depth, nullptr, schema,
                               nullptr, nullptr, nullptr, &stream, failure.get()),
      *channel->ground().blame));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ImportRecordBatchReader(&stream));
  return columnar::Validated(std::move(reader), columnar::Limits{});
}

// Schemas, or the tables of one, in whatever catalog they are.
arrow::Result<Names> NamesOfObjects(const ChannelPtr& channel,
                                    const std::string* schema) {
  ARROW_ASSIGN_OR_RAISE(
      const auto reader,
      GetObjects(channel,
                 schema ? ADBC_OBJECT_DEPTH_TABLES : ADBC_OBJECT_DEPTH_DB_SCHEMAS,
                 schema ? schema->c_str() : nullptr));
  Names names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    return arrow::Status::OK();
  };
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (!batch) return names;
    if (batch->num_columns() < 2) continue;
    const Level schemas{std::dynamic_pointer_cast<arrow::ListArray>(batch->column(1))};
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      ARROW_RETURN_NOT_OK(schemas.Visit(
          row,
          [&](const std::string& name, const arrow::StructArray& structs, int64_t at) {
            if (!schema) return add(name);
            if (name != *schema) return arrow::Status::OK();
            return Inner(structs).Visit(
                at, [&](const std::string& table, const arrow::StructArray&, int64_t) {
                  return add(table);
                });
          }));
    }
  }
}

std::string WithSchema(std::string sql, SqlDialect dialect, const std::string& schema) {
  constexpr std::string_view kPlace = "%SCHEMA%";
  const size_t at = sql.find(kPlace);
  return at == std::string::npos
             ? sql
             : sql.replace(at, kPlace.size(), QuotedText(dialect, schema));
}

bool IsUnreachable(const arrow::Status& status) {
  const ErrorKind kind = base::KindOf(status);
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kCancelled;
}

arrow::Status NoSuchTable(const Channel& channel, const std::string& source,
                          const engine::SourceTableName& table) {
  return base::MakeError(ErrorKind::kNotFound, "source '", source, "' has no table ",
                         QuotedTable(channel.dialect(), table));
}

arrow::Result<std::shared_ptr<arrow::Schema>> DescribeSqliteTable(
    const ChannelPtr& channel, const engine::SourceTableName& table) {
  const std::string schema = table.schema.empty() ? "main" : table.schema;
  ARROW_ASSIGN_OR_RAISE(const auto columns,
                        ReadAll(channel, SqliteColumnsSql(schema, table.table)));
  if (columns->num_rows() == 0) {
    return NoSuchTable(*channel, channel->ground().blame->source, table);
  }
  arrow::FieldVector fields;
  for (int64_t row = 0; row < columns->num_rows(); ++row) {
    fields.push_back(SqliteField(TextAt(*columns->column(0)->chunk(0), row),
                                 TextAt(*columns->column(1)->chunk(0), row)));
  }
  return arrow::schema(std::move(fields));
}

arrow::Result<std::shared_ptr<arrow::Schema>> GetTableSchema(
    const ChannelPtr& channel, const engine::SourceTableName& table) {
  AdbcFailure failure;
  ArrowSchema schema{};
  ARROW_RETURN_NOT_OK(channel->CheckAlive());
  ARROW_RETURN_NOT_OK(failure.Translate(
      AdbcConnectionGetTableSchema(channel->connection()->raw(), nullptr,
                                   table.schema.empty() ? nullptr : table.schema.c_str(),
                                   table.table.c_str(), &schema, failure.get()),
      *channel->ground().blame));
  return arrow::ImportSchema(&schema);
}

}  // namespace

arrow::Result<Names> ListSchemas(const ChannelPtr& channel) {
  const Vendor vendor = channel->ground().database->vendor();
  if (!vendor.schemas_sql.empty()) return FirstColumn(channel, vendor.schemas_sql);
  auto names = NamesOfObjects(channel, nullptr);
  if (names.ok() || IsUnreachable(names.status())) return names;
  auto by_sql = FirstColumn(
      channel, "SELECT schema_name FROM information_schema.schemata ORDER BY 1");
  return by_sql.ok() ? by_sql : names;
}

arrow::Result<Names> ListTables(const ChannelPtr& channel, const std::string& schema) {
  const Vendor vendor = channel->ground().database->vendor();
  const SqlDialect dialect = vendor.capabilities.dialect;
  if (!vendor.tables_sql.empty()) {
    return FirstColumn(channel, WithSchema(vendor.tables_sql, dialect, schema));
  }
  auto names = NamesOfObjects(channel, &schema);
  if (names.ok() || IsUnreachable(names.status())) return names;
  auto by_sql =
      FirstColumn(channel, WithSchema("SELECT table_name FROM information_schema.tables "
                                      "WHERE table_schema = %SCHEMA% ORDER BY 1",
                                      dialect, schema));
  return by_sql.ok() ? by_sql : names;
}

arrow::Result<std::shared_ptr<arrow::Schema>> DescribeForDriver(
    const ChannelPtr& channel, const engine::SourceTableName& table) {
  ARROW_ASSIGN_OR_RAISE(auto statement, DriverStatement::Open(channel->connection()));
  ARROW_RETURN_NOT_OK(statement->SetSql(
      "SELECT * FROM " + QuotedTable(channel->dialect(), table) + " LIMIT 0"));
  ArrowArrayStream stream{};
  ARROW_RETURN_NOT_OK(channel->Run(statement.get(),
                                   [&] { return statement->Execute(&stream).status(); }));
  ARROW_ASSIGN_OR_RAISE(const auto rows, arrow::ImportRecordBatchReader(&stream));
  ARROW_RETURN_NOT_OK(rows->ToRecordBatches().status());
  return rows->schema();
}

arrow::Result<std::shared_ptr<arrow::Schema>> DescribeTable(
    const ChannelPtr& channel, const engine::SourceTableName& table) {
  const SqlDialect dialect = channel->dialect();
  if (dialect == SqlDialect::kSqlite) return DescribeSqliteTable(channel, table);
  // BigQuery bills a whole table for `SELECT * … LIMIT 0`.
  auto described = dialect == SqlDialect::kBigquery ? GetTableSchema(channel, table)
                                                    : DescribeForDriver(channel, table);
  if (!described.ok() && dialect != SqlDialect::kBigquery &&
      dialect != SqlDialect::kPostgres && !IsUnreachable(described.status())) {
    // Many drivers have no SQLSTATE for a table that is missing.
    auto by_call = GetTableSchema(channel, table);
    if (by_call.ok() || base::KindOf(by_call.status()) == ErrorKind::kNotFound) {
      described = std::move(by_call);
    }
  }
  if (!described.ok()) return described.status();
  const auto plain = PlainSchema(**described);
  if (dialect != SqlDialect::kPostgres) return plain;
  // Queries have these cast to text; see session.cc.
  arrow::FieldVector fields = plain->fields();
  for (int i = 0; i < plain->num_fields(); ++i) {
    const arrow::Field& driver = *(*described)->field(i);
    if (IsReadAsText(driver)) fields[i] = fields[i]->WithType(arrow::utf8());
    fields[i] = WithPostgresForm(std::move(fields[i]), driver);
  }
  return arrow::schema(std::move(fields));
}

arrow::Result<int64_t> CountOf(const ChannelPtr& channel, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const Names rows, FirstColumn(channel, sql));
  int64_t count = -1;
  if (rows.size() == 1) {
    std::from_chars(rows[0].data(), rows[0].data() + rows[0].size(), count);
  }
  return count;
}

}  // namespace pintail::backend
