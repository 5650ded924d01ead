#include <string>
#include <utility>

#include "arrow/array/array_binary.h"
#include "arrow/array/builder_binary.h"
#include "arrow/buffer.h"
#include "arrow/ipc/writer.h"
#include "arrow/record_batch.h"
#include "flight/column_facts.h"
#include "flight/commands/commands.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {
namespace {

using base::ErrorKind;

// Turns the gateway's list of tables into Flight SQL's, a batch at a time: the schemas of
// many tables are not gathered in memory.
class TableRows final : public arrow::RecordBatchReader {
 public:
  TableRows(Call& call, gateway::SessionPtr session,
            std::shared_ptr<arrow::RecordBatchReader> tables, bool with_schema)
      : call_(call),
        session_(std::move(session)),
        tables_(std::move(tables)),
        with_schema_(with_schema),
        schema_(with_schema ? sql::SqlSchema::GetTablesSchemaWithIncludedSchema()
                            : sql::SqlSchema::GetTablesSchema()) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    out->reset();
    while (!rest_ || rest_->num_rows() == 0) {
      ARROW_RETURN_NOT_OK(tables_->ReadNext(&rest_));
      if (!rest_) return arrow::Status::OK();
    }
    const auto batch = with_schema_ ? rest_->Slice(0, kRowsWithSchema) : rest_;
    rest_ = rest_->Slice(batch->num_rows());
    return Convert(*batch).Value(out);
  }

 private:
  static constexpr int64_t kRowsWithSchema = 128;

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Convert(
      const arrow::RecordBatch& batch) {
    arrow::ArrayVector columns = {
        batch.GetColumnByName("catalog"), batch.GetColumnByName("schema"),
        batch.GetColumnByName("name"), batch.GetColumnByName("type")};
    if (with_schema_) {
      arrow::BinaryBuilder builder;
      for (int64_t row = 0; row < batch.num_rows(); ++row) {
        ARROW_RETURN_NOT_OK(AppendSchema(columns, row, &builder));
      }
      ARROW_ASSIGN_OR_RAISE(auto schemas, builder.Finish());
      columns.push_back(std::move(schemas));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

  arrow::Status AppendSchema(const arrow::ArrayVector& columns, int64_t row,
                             arrow::BinaryBuilder* builder) {
    const auto text = [&](size_t column) {
      return static_cast<const arrow::StringArray&>(*columns[column]).GetString(row);
    };
    const engine::TableName table{text(0), text(1), text(2)};
    auto columns_of = call_.gateway().TableSchema(call_.context(), session_, table);
    if (!columns_of.ok()) {
      // Dropped meanwhile, or a view over what is gone: it is there, its columns are not.
      const ErrorKind kind = base::KindOf(columns_of.status());
      if (kind == ErrorKind::kCancelled || kind == ErrorKind::kDeadlineExceeded) {
        return columns_of.status();
      }
      columns_of = arrow::schema({});
    }
    ARROW_ASSIGN_OR_RAISE(auto bytes,
                          arrow::ipc::SerializeSchema(*WithColumnFacts(**columns_of, table)));
    return builder->Append(bytes->data(), static_cast<int32_t>(bytes->size()));
  }

  Call& call_;
  const gateway::SessionPtr session_;
  const std::shared_ptr<arrow::RecordBatchReader> tables_;
  const bool with_schema_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> rest_;
};

}  // namespace

StreamResult GetTables(Call& call, const sql::GetTables& command) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(
      auto tables,
      call.gateway().Tables(call.context(), session,
                            {.catalog = command.catalog,
                             .schema_pattern = command.db_schema_filter_pattern,
                             .table_pattern = command.table_name_filter_pattern,
                             .types = command.table_types}));
  return StreamOf(std::make_shared<TableRows>(call, std::move(session), std::move(tables),
                                              command.include_schema));
}

}  // namespace pintail::flight::commands
