#include "engine/insert.h"

#include <algorithm>
#include <string>
#include <utility>

#include "arrow/c/bridge.h"
#include "duckdb/common/arrow/arrow_wrapper.hpp"
#include "duckdb/function/table/arrow.hpp"
#include "duckdb/main/query_result.hpp"
#include "duckdb/parallel/task_scheduler.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/star_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/insert_statement.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "engine/arrow_input.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/row_groups.h"

namespace pintail::engine {
namespace {

// What is handed to DuckDB at once: a row group for each of its threads, within this.
constexpr int64_t kRowGroupRows = 122'880;
constexpr int64_t kMaxBytesAtOnce = 32 << 20;

// The batches of one INSERT, as DuckDB's table function arrow_scan asks for them.
struct BatchSource {
  std::shared_ptr<arrow::Schema> schema;
  arrow::RecordBatchVector batches;

  static void GetSchema(ArrowArrayStream* source, ArrowSchema& schema) {
    auto& self = *reinterpret_cast<BatchSource*>(source);
    auto status = arrow::ExportSchema(*self.schema, &schema);
    if (!status.ok()) throw duckdb::InvalidInputException(status.message());
  }

  static duckdb::unique_ptr<duckdb::ArrowArrayStreamWrapper> Produce(
      uintptr_t source, duckdb::ArrowStreamParameters&) {
    auto& self = *reinterpret_cast<BatchSource*>(source);
    auto stream = duckdb::make_uniq<duckdb::ArrowArrayStreamWrapper>();
    auto reader = arrow::RecordBatchReader::Make(self.batches, self.schema);
    auto status = reader.status();
    if (status.ok()) {
      status = arrow::ExportRecordBatchReader(*reader, &stream->arrow_array_stream);
    }
    if (!status.ok()) throw duckdb::InvalidInputException(status.message());
    return stream;
  }
};

duckdb::unique_ptr<duckdb::ParsedExpression> Pointer(uintptr_t value) {
  return duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::POINTER(value));
}

// INSERT INTO table BY NAME SELECT * FROM arrow_scan_dumb(source). ("Dumb" means that
// filters are not pushed into it; there are none.)
duckdb::unique_ptr<duckdb::SQLStatement> InsertStatementFor(const TableName& table,
                                                            BatchSource& source) {
  duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> arguments;
  arguments.push_back(Pointer(reinterpret_cast<uintptr_t>(&source)));
  arguments.push_back(Pointer(reinterpret_cast<uintptr_t>(&BatchSource::Produce)));
  arguments.push_back(Pointer(reinterpret_cast<uintptr_t>(&BatchSource::GetSchema)));
  auto scan = duckdb::make_uniq<duckdb::TableFunctionRef>();
  scan->function = duckdb::make_uniq<duckdb::FunctionExpression>("arrow_scan_dumb",
                                                                 std::move(arguments));
  auto select = duckdb::make_uniq<duckdb::SelectNode>();
  select->select_list.push_back(duckdb::make_uniq<duckdb::StarExpression>());
  select->from_table = std::move(scan);
  auto statement = duckdb::make_uniq<duckdb::InsertStatement>();
  statement->query = "INSERT INTO " + QuoteName(table);
  statement->catalog = table.catalog;
  statement->schema = table.schema;
  statement->table = table.table;
  statement->column_order = duckdb::InsertColumnOrder::INSERT_BY_NAME;
  statement->select_statement = duckdb::make_uniq<duckdb::SelectStatement>();
  statement->select_statement->node = std::move(select);
  return statement;
}

arrow::Result<int64_t> InsertOnce(duckdb::ClientContext& context, const TableName& table,
                                  BatchSource& source) {
  return Guarded([&]() -> arrow::Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(auto result,
                          RunNow(context, InsertStatementFor(table, source)));
    auto chunk = result->Fetch();
    return chunk && chunk->size() > 0 ? chunk->GetValue(0, 0).GetValue<int64_t>() : 0;
  });
}

// Begins a transaction unless there is one, and rolls it back unless it is committed.
class OwnTransaction {
 public:
  explicit OwnTransaction(duckdb::ClientContext& context) : context_(context) {}
  ~OwnTransaction() {
    if (begun_) (void)RunText(context_, "ROLLBACK");
  }
  OwnTransaction(const OwnTransaction&) = delete;
  OwnTransaction& operator=(const OwnTransaction&) = delete;

  arrow::Status Begin() {
    if (begun_ || !context_.transaction.IsAutoCommit()) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(RunText(context_, "BEGIN TRANSACTION"));
    begun_ = true;
    return arrow::Status::OK();
  }
  arrow::Status Commit() {
    if (!begun_) return arrow::Status::OK();
    begun_ = false;
    return CommitTransaction(context_);
  }

 private:
  duckdb::ClientContext& context_;
  bool begun_ = false;
};

}  // namespace

arrow::Result<int64_t> InsertBatches(duckdb::ClientContext& context,
                                     const TableName& table,
                                     arrow::RecordBatchReader& batches) {
  BatchSource source;
  ARROW_ASSIGN_OR_RAISE(source.schema, StorableSchema(*batches.schema()));
  const int64_t threads = duckdb::TaskScheduler::GetScheduler(context).NumberOfThreads();
  const int64_t rows_at_once = std::max<int64_t>(threads, 2) * kRowGroupRows;
  RowGroups pieces(batches, source.schema);
  OwnTransaction transaction(context);
  int64_t rows = 0;
  do {
    ARROW_ASSIGN_OR_RAISE(source.batches, pieces.Next(rows_at_once, kMaxBytesAtOnce));
    if (!pieces.done()) ARROW_RETURN_NOT_OK(transaction.Begin());
    // Also without batches, so that a table that does not fit is an error all the same.
    if (source.batches.empty() && rows > 0) break;
    ARROW_ASSIGN_OR_RAISE(int64_t inserted, InsertOnce(context, table, source));
    rows += inserted;
  } while (!pieces.done());
  ARROW_RETURN_NOT_OK(transaction.Commit());
  return rows;
}

}  // namespace pintail::engine
