#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

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

struct Listed {
  engine::TableName table;
  std::string type;
};

// All tables, in the order that the protocol wants.
arrow::Result<std::vector<Listed>> InOrder(arrow::RecordBatchReader& tables) {
  std::vector<Listed> listed;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(tables.ReadNext(&batch));
    if (!batch) break;
    const auto texts = [&](const char* name) {
      return std::static_pointer_cast<arrow::StringArray>(batch->GetColumnByName(name));
    };
    const auto catalog = texts("catalog");
    const auto schema = texts("schema");
    const auto name = texts("name");
    const auto type = texts("type");
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      listed.push_back(
          {{catalog->GetString(row), schema->GetString(row), name->GetString(row)},
           type->GetString(row)});
    }
  }
  std::ranges::sort(listed, {}, [](const Listed& each) {
    return std::tie(each.table.catalog, each.table.schema, each.table.table, each.type);
  });
  return listed;
}

// The rows of GetTables, a batch at a time: the schemas of many tables are not gathered
// in memory.
class TableRows final : public arrow::RecordBatchReader {
 public:
  TableRows(Call& call, gateway::SessionPtr session, std::vector<Listed> tables,
            bool with_schema)
      : call_(call),
        session_(std::move(session)),
        tables_(std::move(tables)),
        with_schema_(with_schema),
        schema_(with_schema ? sql::SqlSchema::GetTablesSchemaWithIncludedSchema()
                            : sql::SqlSchema::GetTablesSchema()) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    out->reset();
    if (next_ == tables_.size()) return arrow::Status::OK();
    const size_t end = std::min(next_ + kRowsPerBatch, tables_.size());
    arrow::StringBuilder catalog;
    arrow::StringBuilder schema;
    arrow::StringBuilder name;
    arrow::StringBuilder type;
    arrow::BinaryBuilder columns;
    const int64_t rows = static_cast<int64_t>(end - next_);
    for (; next_ < end; ++next_) {
      const Listed& listed = tables_[next_];
      ARROW_RETURN_NOT_OK(catalog.Append(listed.table.catalog));
      ARROW_RETURN_NOT_OK(schema.Append(listed.table.schema));
      ARROW_RETURN_NOT_OK(name.Append(listed.table.table));
      ARROW_RETURN_NOT_OK(type.Append(listed.type));
      if (with_schema_) ARROW_RETURN_NOT_OK(AppendSchema(listed.table, &columns));
    }
    arrow::ArrayVector arrays(with_schema_ ? 5 : 4);
    ARROW_RETURN_NOT_OK(catalog.Finish(&arrays[0]));
    ARROW_RETURN_NOT_OK(schema.Finish(&arrays[1]));
    ARROW_RETURN_NOT_OK(name.Finish(&arrays[2]));
    ARROW_RETURN_NOT_OK(type.Finish(&arrays[3]));
    if (with_schema_) ARROW_RETURN_NOT_OK(columns.Finish(&arrays[4]));
    *out = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
    return arrow::Status::OK();
  }

 private:
  static constexpr size_t kRowsPerBatch = 256;

  arrow::Status AppendSchema(const engine::TableName& table,
                             arrow::BinaryBuilder* builder) {
    auto columns_of = call_.gateway().TableSchema(call_.context(), session_, table);
    if (!columns_of.ok()) {
      // Dropped meanwhile, or a view over what is gone: it is there, its columns are not.
      const ErrorKind kind = base::KindOf(columns_of.status());
      if (kind == ErrorKind::kCancelled || kind == ErrorKind::kDeadlineExceeded) {
        return columns_of.status();
      }
      columns_of = arrow::schema({});
    }
    ARROW_ASSIGN_OR_RAISE(
        auto bytes, arrow::ipc::SerializeSchema(*WithColumnFacts(**columns_of, table)));
    return builder->Append(bytes->data(), static_cast<int32_t>(bytes->size()));
  }

  Call& call_;
  const gateway::SessionPtr session_;
  const std::vector<Listed> tables_;
  const bool with_schema_;
  const std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
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
  ARROW_ASSIGN_OR_RAISE(auto listed, InOrder(*tables));
  return StreamOf(std::make_shared<TableRows>(call, std::move(session), std::move(listed),
                                              command.include_schema));
}

}  // namespace pintail::flight::commands
