#include "engine/testing/sql.h"

#include <stdlib.h>

#include "arrow/builder.h"
#include "arrow/json/from_string.h"
#include "arrow/scalar.h"

namespace pintail::engine::testing {

std::unique_ptr<Database> OpenInMemory(DatabaseOptions options) {
  options.path = ":memory:";
  return Value(Database::Open(options));
}

std::shared_ptr<arrow::Table> Rows(Connection& connection, const std::string& sql,
                                   const ParameterRow& parameters,
                                   const ExecuteOptions& options) {
  auto stream = Value(connection.Run(sql, parameters, options));
  return Value(stream->ToTable());
}

std::string Cell(Connection& connection, const std::string& sql,
                 const ParameterRow& parameters) {
  auto rows = Rows(connection, sql, parameters);
  if (rows->num_rows() != 1 || rows->num_columns() != 1) {
    throw std::runtime_error("not one value: " + rows->ToString());
  }
  auto value = Value(rows->column(0)->GetScalar(0));
  return value->is_valid ? value->ToString() : "null";
}

arrow::Status Execute(Connection& connection, const std::string& sql,
                      const ParameterRow& parameters, const ExecuteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto stream, connection.Run(sql, parameters, options));
  std::shared_ptr<arrow::RecordBatch> batch;
  do {
    ARROW_RETURN_NOT_OK(stream->ReadNext(&batch));
  } while (batch);
  return arrow::Status::OK();
}

base::ErrorKind KindOfFailure(const arrow::Status& status) {
  if (status.ok()) throw std::runtime_error("it did not fail");
  return base::KindOf(status);
}

std::unique_ptr<PreparedStatement> Prepare(Connection& connection,
                                           const std::string& sql) {
  auto parsed = Value(connection.Parse(sql));
  return Value(connection.Prepare(std::move(parsed.at(0))));
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                          const std::string& json) {
  auto rows =
      Value(arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json));
  auto batch = Value(arrow::RecordBatch::FromStructArray(rows));
  return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

std::shared_ptr<arrow::Schema> NumbersSchema() {
  return arrow::schema(
      {arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8())});
}

std::shared_ptr<arrow::RecordBatch> Numbers(int64_t first, int64_t rows,
                                            int64_t null_every) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = first; i < first + rows; ++i) {
    const bool is_null = null_every != 0 && i % null_every == 0;
    const auto status = is_null ? texts.AppendNull() : texts.Append(std::to_string(i));
    if (!status.ok() || !numbers.Append(i).ok()) std::abort();
  }
  return arrow::RecordBatch::Make(NumbersSchema(), rows,
                                  {Value(numbers.Finish()), Value(texts.Finish())});
}

ParameterRow Parameters(const std::vector<Parameter>& values) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& [name, type, json] : values) {
    fields.push_back(arrow::field(name, type));
    columns.push_back(Value(arrow::json::ArrayFromJSONString(type, "[" + json + "]")));
  }
  return {.batch = arrow::RecordBatch::Make(arrow::schema(fields), 1, columns)};
}

std::shared_ptr<arrow::RecordBatchReader> Reader(arrow::RecordBatchVector batches) {
  auto schema = batches.at(0)->schema();
  return Value(arrow::RecordBatchReader::Make(std::move(batches), std::move(schema)));
}

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "pintail-XXXXXX";
  path_ = mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace pintail::engine::testing
